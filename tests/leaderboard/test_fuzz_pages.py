"""Whatever stands in an address or a form, a page answers."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from claims import boards
from claims.errors import UnknownFilterError
from claims.models import Benchmark
from claims.services.uploads import last_year
from leaderboard.forms import UploadForm
from tests import factories as make
from tests.fuzzing import fuzz

FILTERS = [
    "setting",
    "role",
    "year",
    "state",
    "as_of",
    "model",
    "like",
    "conflicts",
    "min_parameters",
    "max_parameters",
    "max_flops",
    "max_zing",
]
CHOICES = ["sort", "page", "open", "boards", "column", "density", "row", "cost", "chart", "size", "colour", "x", ""]
NAMES = st.sampled_from(FILTERS + CHOICES) | st.text(max_size=8)
VALUES = st.sampled_from(
    [
        *(
            "",
            "none",
            "all",
            "proposed",
            "baseline",
            "accepted",
            "unreviewed",
            "2023",
            "1e3",
            "-1",
            "0",
            "nan",
            "inf",
            "-Infinity",
            "1" * 400,
            "2023.5",
        ),
        *(
            "²",
            "٣",
            "model",
            "-model",
            "date",
            "-date",
            "--",
            "-",
            "top-1-accuracy",
            "-top-1-accuracy",
            "parameters",
            "1",
            "2",
            "last",
            "9" * 20,
            "kind:",
        ),
        *(":", "shots:0", "\ud800", "\x00", "'", "%"),
    ]
) | st.text(max_size=12)
QUERIES = st.lists(st.tuples(NAMES, VALUES), max_size=6)


def query_of(pairs: list[tuple[str, str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in pairs:
        query.appendlist(name, value)
    return query


class BoardQueryTest(TestCase):
    benchmark: Benchmark

    @classmethod
    def setUpTestData(cls) -> None:
        cls.benchmark = make.make_board(rows=5)

    @fuzz(150)
    @given(pairs=QUERIES)
    @example(pairs=[("year", "NaN")])
    @example(pairs=[("year", "1e999")])
    def test_board_is_read_or_the_filter_is_named(self, pairs: list[tuple[str, str]]) -> None:
        with contextlib.suppress(UnknownFilterError):
            boards.read_board(self.benchmark, query_of(pairs))

    @fuzz(60)
    @given(pairs=QUERIES)
    def test_page_of_a_board_answers(self, pairs: list[tuple[str, str]]) -> None:
        clean = [(name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()) for name, value in pairs]
        response = self.client.get(self.benchmark.get_absolute_url(), query_params=query_of(clean))
        assert response.status_code in (200, 400)
        assert "<h1" in response.content.decode()

    @fuzz(60)
    @given(
        pairs=QUERIES,
        own=st.lists(st.tuples(st.sampled_from(["show", "theme", "rows", "columns", "board", "of", "label"]), VALUES), max_size=3),
    )
    def test_embeds_answer(self, pairs: list[tuple[str, str]], own: list[tuple[str, str]]) -> None:
        """An embed, the page that builds it, and the images beside it."""
        clean = [(name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()) for name, value in [*pairs, *own]]
        query, slug = query_of(clean), self.benchmark.slug
        for path in (f"/embed/sota/{slug}/", "/embed/", f"/embed/?board={slug}", f"/sota/{slug}/badge.svg", f"/sota/{slug}/sparkline.svg"):
            response = self.client.get(f"{path}{'&' if '?' in path else '?'}{query.urlencode()}")
            assert response.status_code in (200, 400), path
        address = f"http://testserver/embed/sota/{slug}/?{query.urlencode()}"
        assert self.client.get("/oembed", query_params={"url": address}).status_code in (200, 400)


@fuzz(150)
@given(
    year=VALUES,
    content=st.binary(max_size=50),
    name=st.text(max_size=30).map(lambda text: text.replace("/", "") + ".txt"),
    kind=st.text(max_size=20),
    times=st.integers(0, 3),
)
def test_upload_form_says_yes_or_why_not(year: str, content: bytes, name: str, kind: str, times: int) -> None:
    files: MultiValueDict[str, Any] = MultiValueDict({"file": [SimpleUploadedFile(name, content, kind) for _ in range(times)]})
    form = UploadForm({"year": year}, files)
    if form.is_valid():
        assert form.cleaned_data["year"] is None or 1950 <= form.cleaned_data["year"] <= last_year()
        assert times == 1
        assert content
    else:
        assert all(form.errors.values())


@pytest.mark.parametrize("troubles", [{"stopped": "a\u202e.txt"}, {"broken": "b.txt"}, {"unstored": "c.txt was not stored"}])
def test_form_tells_what_happened_to_a_file_that_is_not_there(troubles: dict[str, str]) -> None:
    form = UploadForm({}, MultiValueDict(), **troubles)
    message = " ".join(map(str, form.errors["file"]))
    assert message.startswith(("a .txt was not read", "b.txt did not arrive whole", "c.txt was not stored"))
    assert "\u202e" not in message
