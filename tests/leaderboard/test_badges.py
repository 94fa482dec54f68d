"""Badges and sparklines: what they say, of whom, and that nothing of others' names is more than words in them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from claims.models import Benchmark, Claim, Paper
from claims.services import records
from claims.terms import CurationState, Direction, Role
from leaderboard import badges
from tests import factories as make
from tests.fuzzing import fuzz

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>alert(1)</script>" onload="x" &amp; \u202e\x07\ufffe'


def read(response: Any, *, status: int = 200) -> tuple[str, list[str]]:
    """Return an image's title and its words."""
    assert response.status_code == status
    assert response["Content-Type"] == "image/svg+xml; charset=utf-8"
    return read_svg(response.content.decode())


def read_svg(text: str) -> tuple[str, list[str]]:
    image = ElementTree.fromstring(text)  # noqa: S314 - ours
    assert image.get("role") == "img"
    assert {element.tag.removeprefix(SVG) for element in image.iter()} <= {"svg", "title", "path", "g", "text", "circle"}
    assert not any(name.startswith("on") or "href" in name or name == "style" for element in image.iter() for name in element.attrib)
    title = image.findtext(f"{SVG}title") or ""
    assert image.get("aria-label") == title
    return title, [element.text or "" for element in image.iter(f"{SVG}text")]


@pytest.fixture
def board(db: None) -> Benchmark:
    board = make.make_benchmark()
    for number in range(3):
        paper = make.make_paper(f"Net {number}, a paper", abstract=f"It reaches 8{number}.5% there.", day=date(2020 + number, 3, 1))
        make.make_claim(f"8{number}.5%", benchmark=board, paper=paper, model=f"Net{number}", state=CurationState.ACCEPTED)
    make.settle(board)
    records.settle_records_alone([board.pk])
    return board


def paper_of(model: str) -> Paper:
    text = Claim.objects.get(result__model_name=model).paper_text
    assert text is not None
    return text.paper


def test_badge_of_a_board_names_its_leader(client: Client, board: Benchmark) -> None:
    title, words = read(client.get(f"/sota/{board.slug}/badge.svg"))
    assert words == ["ImageNet-1K", "82.5\u00a0% by Net2"]
    assert title == "Image Classification on ImageNet-1K: 82.5\u00a0% Top-1 accuracy by Net2"
    assert read(client.get(f"/sota/{board.slug}/badge.svg?label=SOTA"))[1][0] == "SOTA"
    Claim.objects.update(state=CurationState.UNREVIEWED)
    assert read(client.get(f"/sota/{board.slug}/badge.svg"))[1][1] == "82.5\u00a0% by Net2, unreviewed"


def test_badge_of_a_metric_without_a_unit_names_the_metric(client: Client, db: None) -> None:
    board = make.make_benchmark(metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    make.make_claim("2.10", benchmark=board, model="", paper=make.make_paper("A paper without a model", abstract="It reaches 2.10 there."))
    make.settle(board)
    assert read(client.get(f"/sota/{board.slug}/badge.svg"))[1][1] == "2.10\u00a0FID by A paper without a model, unreviewed"


@pytest.mark.django_db
def test_board_without_a_leader_has_a_badge_too(client: Client) -> None:
    board = make.make_benchmark(metric=make.make_metric("Odd", direction=Direction.UNKNOWN))
    assert read(client.get(f"/sota/{board.slug}/badge.svg"))[1] == ["ImageNet-1K", "no ranked result"]
    assert "no record with a date" in read(client.get(f"/sota/{board.slug}/sparkline.svg"))[0]


def test_badge_of_a_paper_has_its_best_rank(client: Client, board: Benchmark) -> None:
    paper = paper_of("Net0")
    assert read(client.get(f"/papers/{paper.public_id}/badge.svg"))[1] == ["Claimboard", "#3 on ImageNet-1K"]
    other = make.make_benchmark("Object Detection", "COCO")
    make.make_claim("80.5%", benchmark=other, paper=paper, model="Net0", ordinal=1)
    make.make_claim("80.5%", benchmark=other, paper=make.make_paper(abstract="It reaches 80.5% there."), model="Twin")
    make.settle(other)
    title, words = read(client.get(f"/papers/{paper.public_id}/badge.svg"))
    assert words == ["Claimboard", "#1= on COCO, unreviewed"]
    assert title == "Net 0, a paper: rank 1 of 2, shared, Object Detection on COCO, by Top-1 accuracy, unreviewed"
    chosen = client.get(f"/papers/{paper.public_id}/badge.svg?board={board.slug}&label=Rank")
    assert read(chosen)[1] == ["Rank", "#3 on ImageNet-1K"]


def test_rank_on_a_badge_is_that_of_the_board(client: Client, board: Benchmark) -> None:
    rows = client.get(f"/api/v1/boards/{board.slug}/").json()["rows"]
    for row in rows:
        assert read(client.get(f"/papers/{row['paper']['id']}/badge.svg"))[1][1].startswith(f"#{row['rank']} on")


def test_paper_without_a_rank_is_told_so_in_grey(client: Client, board: Benchmark) -> None:
    paper = make.make_paper("It quotes alone", abstract="Others reach 79.5% there.")
    make.make_claim("79.5%", benchmark=board, paper=paper, role=Role.BASELINE, model="Other")
    answer = client.get(f"/papers/{paper.public_id}/badge.svg")
    assert read(answer)[1] == ["Claimboard", "no ranked result"]
    assert "#0b6a4c" not in answer.content.decode()
    assert read(client.get(f"/papers/{paper.public_id}/badge.svg?board={board.slug}"))[1][1] == "no ranked result on ImageNet-1K"


def test_what_is_not_there_is_an_image_with_its_status(client: Client, board: Benchmark) -> None:
    paper = paper_of("Net0")
    assert read(client.get("/sota/none/badge.svg"), status=404)[1] == ["Claimboard", "no such board"]
    assert read(client.get("/sota/none/sparkline.svg"), status=404)[1][1] == "no such board"
    assert read(client.get("/papers/none/badge.svg"), status=404)[1][1] == "no such paper"
    assert read(client.get(f"/papers/{paper.public_id}/badge.svg?board=none"), status=404)[1][1] == "no such board"
    for query in ("theme=red", "zing=1", f"label={'x' * 81}"):
        title, _ = read(client.get(f"/sota/{board.slug}/badge.svg?{query}"), status=400)
        assert query.partition("=")[0] in title
    read(client.get(f"/sota/{board.slug}/sparkline.svg?label=x"), status=400)


def test_merged_papers_badge_is_that_of_the_one_it_is(client: Client, board: Benchmark) -> None:
    kept, merged = paper_of("Net0"), make.make_paper("The same once more")
    merged.merged_into = kept
    merged.save()
    answer = client.get(f"/papers/{merged.public_id}/badge.svg?theme=dark")
    assert (answer.status_code, answer["Location"]) == (301, f"/papers/{kept.public_id}/badge.svg?theme=dark")


def test_hidden_numbers_are_on_no_badge(client: Client, settings: Settings, db: None) -> None:
    settings.SHOW_UNREVIEWED = False
    board = make.make_board(2)
    paper = paper_of("SampleNet-1")
    assert read(client.get(f"/sota/{board.slug}/badge.svg"))[1][1] == "no ranked result"
    assert read(client.get(f"/papers/{paper.public_id}/badge.svg"))[1][1] == "no ranked result"


def test_sparkline_is_the_record_in_a_line(client: Client, board: Benchmark) -> None:
    answer = client.get(f"/sota/{board.slug}/sparkline.svg?theme=dark")
    title, _ = read(answer)
    assert title == "Image Classification on ImageNet-1K, Top-1 accuracy, %: 80.5 to 82.5 since Mar 2020"
    drawn = answer.content.decode()
    assert 'stroke="#63c89f"' in drawn
    assert len(re.findall(r"H[\d.]+V[\d.]+", drawn)) == 2


def test_hostile_names_are_words_in_an_image(client: Client, db: None) -> None:
    board = make.make_benchmark(dataset=HOSTILE, slug="odd")
    paper = make.make_paper(f"On {HOSTILE}", abstract="It reaches 81.5% there.")
    make.make_claim("81.5%", benchmark=board, paper=paper, model=HOSTILE[:100])
    make.settle(board)
    for path in (
        "/sota/odd/badge.svg",
        "/sota/odd/sparkline.svg",
        f"/papers/{paper.public_id}/badge.svg",
        "/sota/odd/badge.svg?label=%3Cb%3E",
    ):
        title, words = read(client.get(path))
        assert not set("\u202e\x07\ufffe") & set(title + "".join(words))


@fuzz(150)
@given(st.text(max_size=80), st.text(max_size=400), st.sampled_from(list(badges.Theme)), st.sampled_from(list(badges.Tone)))
def test_any_words_make_an_image_that_they_fit(label: str, message: str, theme: badges.Theme, tone: badges.Tone) -> None:
    text = badges.draw_badge(label, message, theme=theme, tone=tone)
    read_svg(text)
    for element, most in zip(ElementTree.fromstring(text).iter(f"{SVG}text"), (badges.MOST_LABEL, badges.MOST_MESSAGE), strict=True):  # noqa: S314 - ours
        assert float(element.get("textLength") or 0) <= most + 0.1


def test_widths_are_about_those_of_the_font() -> None:
    """Measured with DejaVu Sans at 11 pixels."""
    assert badges.width_of("ImageNet-1K") == pytest.approx(72.5, abs=4)
    assert badges.width_of("#3 on ImageNet-1K") == pytest.approx(113, abs=5)
    assert badges.width_of("画像認識") == pytest.approx(44)
    assert badges.width_of("e\u0301") == badges.width_of("e")
    assert badges.fit("x" * 100, 50).endswith("x…")
    assert badges.width_of(badges.fit("x" * 100, 50)) <= 50
