"""The admin in a real browser: that it fits, under the site's own policy for scripts and styles, in light and dark, and that axe finds nothing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from claims import keys
from claims.models import Alias, Claim, Dataset, Flag
from claims.services import curation, entries
from claims.terms import CurationState, FlagKind
from tests import factories as make
from tests.leaderboard.test_browser import (
    SCREENSHOTS,
    SCREENSHOTS_WANTED,
    find_barriers,
    make_rich_board,
    visit,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS: list[tuple[int, Any]] = [(1400, "light"), (1400, "dark"), (360, "dark"), (360, "light")]
LONG = "x" * 120


def test_admin_fits_and_is_accessible(browser: Browser, live_server: LiveServer) -> None:
    """One site for all of its pages: to make it takes longer than to look at them."""
    board = make_rich_board()
    dataset = board.dataset
    Alias.objects.create(kind="dataset", text=LONG, key=LONG, dataset=dataset)
    Alias.objects.create(kind="dataset", text=dataset.name, key=keys.name_key(dataset.name), dataset=dataset)
    entries.edit(dataset, {"description": f"<b>{LONG}</b>", "splits": ["val"]}, actor=LONG, version=dataset.version)
    claim = Claim.objects.filter(paper_text__isnull=False).order_by("pk")[0]
    curation.decide(claim, CurationState.ACCEPTED, actor="ada", version=claim.version, note="<b>seen</b>")
    Claim.objects.filter(pk=claim.pk).update(model_name=LONG, variant=LONG)
    flag = Flag.objects.create(kind=FlagKind.FAR, object_kind="claim", object_id=claim.pk, note=f"{LONG} is far.")
    settled = curation.settle_flags([flag], actor=LONG, reason=LONG)
    make.make_member("ada", "administrator", is_staff=True)
    visitor = visit(browser, live_server)
    page = visitor.go("/admin/login/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    barriers = {}
    for name, address in {
        "index": "/admin/",
        "claims": "/admin/claims/claim/?state__exact=unreviewed",
        "claim": f"/admin/claims/claim/{claim.pk}/change/",
        "datasets": "/admin/claims/dataset/",
        "dataset": f"/admin/claims/dataset/{dataset.pk}/change/",
        "acts": "/admin/claims/changeset/",
        "act": f"/admin/claims/changeset/{settled.pk}/change/",
        "flags": "/admin/claims/flag/",
        "import": "/admin/claims/dataset/import/",
    }.items():
        for width, scheme in LOOKS:
            page = visitor.look(address, width, scheme)
            if name == "import":
                page.set_input_files("#file", {"name": "sets.csv", "mimeType": "text/csv", "buffer": f"name,aliases\n{LONG},b\n".encode()})
                page.get_by_role("button", name="Show what it would do").click()
                expect(page.get_by_role("button", name="Import 1 dataset")).to_be_visible()
            if SCREENSHOTS_WANTED:
                SCREENSHOTS.mkdir(exist_ok=True)
                page.screenshot(path=SCREENSHOTS / f"admin-{name}-{width}-{scheme}.png", full_page=True)
            wide, there = visitor.width()
            if wide > there:
                barriers[f"{name} {width} {scheme} width"] = f"{wide} > {there}"
            if visitor.faults:
                barriers[f"{name} {width} {scheme} faults"] = "\n".join(visitor.faults)
            if found := find_barriers(page):
                barriers[f"{name} {width} {scheme}"] = found
            # Of style sheets that import others, as that of Django's forms does, axe makes inline ones, which the policy refuses it.
            visitor.faults.clear()
    visitor.context.close()
    assert barriers == {}, "\n\n".join(f"== {name}\n{found}" for name, found in barriers.items())
    assert Dataset.objects.filter(name=LONG).count() == 0


def test_filters_suggest_as_one_types_and_work_without_scripts(browser: Browser, live_server: LiveServer) -> None:
    board = make.make_board(2)
    other = make.make_metric("Other")
    make.make_claim("70.1%", benchmark=board, metric=other, model="Net", on_board=False)
    make.make_member("ada", "administrator", is_staff=True)
    for script in (True, False):
        visitor = visit(browser, live_server, script=script)
        page = visitor.go("/admin/login/?next=/admin/claims/claim/")
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill("secret")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("3 claims")).to_be_visible()
        form = page.locator("form.chosen").filter(has=page.locator("[name=metric]"))
        if script:
            form.locator(".select2-selection").click()
            page.locator(".select2-search__field").fill("oth")
            page.get_by_role("option", name="Other").click()
        else:
            form.get_by_label("Its slug").fill(other.slug)
        form.get_by_role("button", name="Apply").click()
        expect(page.get_by_text("1 claim", exact=True)).to_be_visible()
        visitor.context.close()
        assert visitor.faults == []
