"""Many decisions at once, and flags, in a real browser: read by anybody, at any width, with the longest of names."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from claims.models import Claim
from claims.services import flagging
from tests import factories as make
from tests.leaderboard.test_browser import LOOKS, find_barriers, sign_in, visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "W" * 120


def test_many_at_once_and_flags_are_read_by_anybody_at_any_width(browser: Browser, live_server: LiveServer) -> None:
    board = make.make_benchmark(dataset=LONG)
    for number in ("71.2%", "74.0%", "80.9%"):
        make.make_claim(
            number, benchmark=board, task=board.task, model=LONG, paper=make.make_paper(f"{LONG}{number}", abstract=f"It has {number}.")
        )
    paper = make.make_paper("On nets", abstract="It has 0.76 of it.")
    wrong = make.make_claim("0.76", benchmark=board, task=board.task, model=LONG, paper=paper, unit="", decimals=2)
    flagging.flag_all()
    visitor = visit(browser, live_server)
    sign_in(visitor)
    assert wrong.paper_text is not None
    assert wrong.result is not None
    addresses = {
        "bulk": "/review/bulk/?min_confidence=0.1&act=not_a_result",
        "review": "/review/?flag=scale",
        "paper": wrong.paper_text.paper.get_absolute_url(),
        "row": f"{board.get_absolute_url()}?open={wrong.result.public_id}",
    }
    for name, address in addresses.items():
        for width, scheme in LOOKS if name == "bulk" else LOOKS[-2:]:
            page = visitor.look(address, width, scheme)
            wide, there = visitor.width()
            assert wide <= there, (name, width)
            assert find_barriers(page) == "", (name, width, scheme)
    page = visitor.go("/review/bulk/?min_confidence=0.1&act=accept")
    page.get_by_role("button", name="Accept 3 numbers").click()
    page.get_by_text("3 numbers accepted.").wait_for()
    page.get_by_role("button", name="Undo it").click()
    page.get_by_text("The decision was undone.").wait_for()
    assert set(Claim.objects.values_list("state", flat=True)) == {"unreviewed"}
