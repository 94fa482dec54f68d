"""The catalogue's pages for curators as a browser shows them, with names as long as files may state them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from claims.models import Alias, Dataset, Flag
from tests import factories as make
from tests.leaderboard.test_browser import find_barriers, sign_in, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "H" * 120


def test_pages_of_the_catalogue_fit_and_are_accessible(browser: Browser, live_server: LiveServer) -> None:
    known = make.make_claim("81.2%", benchmark=make.make_benchmark(dataset=LONG)).dataset
    source = make.make_claim("80.1%", benchmark=make.make_benchmark(dataset=f"{LONG}h")).dataset
    assert known is not None
    assert source is not None
    paper, other = make.make_paper(f"{LONG} one"), make.make_paper(f"{LONG} two", arxiv_id="2101.00001")
    make.make_text(paper, abstract=LONG)
    Flag.objects.create(kind="identity", object_kind="paper", object_id=other.pk, key=str(paper.pk), note="?")
    Dataset.objects.filter(pk=source.pk).update(reviewed=False, introduced_by=paper, introduced_in=f"It is on {LONG}h.")
    Alias.objects.create(kind="dataset", text=source.name, key="h", dataset=source)
    metric = make.make_metric()
    visitor = visit(browser, live_server)
    sign_in(visitor)
    of_source = f"/review/catalogue/dataset/{source.public_id}/"
    for path in (
        "/review/catalogue/",
        "/review/catalogue/?show=alike",
        "/review/catalogue/?kind=paper",
        of_source,
        f"{of_source}merge/",
        f"{of_source}merge/?into={known.public_id}",
        f"/review/catalogue/metric/{metric.public_id}/meaning/",
        f"/papers/{paper.public_id}/merge/",
        f"/papers/{paper.public_id}/merge/?into={other.public_id}",
    ):
        for width in (360, 1280):
            for scheme in ("light", "dark"):
                page = visitor.look(path, width, scheme)
                wide, there = visitor.width()
                assert wide <= there, (path, width)
                assert find_barriers(page) == "", (path, width, scheme)
    page = visitor.go(f"{of_source}merge/?into={known.public_id}")
    page.get_by_role("button", name="Merge them").click()
    page.get_by_text("was merged into").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("The decision was undone.").wait_for()
    assert visitor.faults == []
    visitor.context.close()
