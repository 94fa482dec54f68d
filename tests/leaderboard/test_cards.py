"""The pictures that other sites show beside a link to a board: where they are named, who draws them, and what stands in meanwhile."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import Retry
from django.db import OperationalError as DatabaseOperationalError
from django.test import Client
from kombu.exceptions import OperationalError as BrokerError
from PIL import Image
from pytest_django import Settings

from claims import boards
from claims.models import Benchmark, OldSlug, Result
from claims.services import records
from claims.terms import CurationState, Direction
from leaderboard import cards, tasks
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _site(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.SITE_URL = "https://boards.example.org"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The boards that workers were asked to draw a card of."""
    messages: list[int] = []
    monkeypatch.setattr(tasks.draw_card, "apply_async", lambda arguments, *, queue: messages.append(arguments[0]))
    return messages


def make_dated_board(**fields: Any) -> Benchmark:
    board = make.make_benchmark(**fields)
    for number in range(3):
        paper = make.make_paper(abstract=f"It reaches 8{number}.5% there.", day=date(2020 + number, 1, 1))
        make.make_claim(f"8{number}.5%", benchmark=board, paper=paper, model=f"Net{number}")
    records.settle_records_alone([board.pk])
    return board


def address(board: Benchmark) -> str:
    board.refresh_from_db()
    return cards.card_url(board).removeprefix("https://boards.example.org")


def files(board: Benchmark, folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cards" / board.public_id).iterdir())


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_board_page_names_its_card_by_the_boards_version(client: Client) -> None:
    board = make_dated_board(dataset='Image"Net> <b>')
    page = client.get(board.get_absolute_url()).content.decode()
    meta = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]*)" content="([^"]*)">', page))
    assert meta["og:image"] == f"https://boards.example.org{board.get_absolute_url()}card.png?v={board.version}.{cards.DRAWING}.all"
    assert meta["og:title"] == "Image Classification on Image&quot;Net&gt; &lt;b&gt;"
    assert meta["og:description"].replace("\u00a0", " ").startswith("3 results on ")
    assert meta["og:url"] == f"https://boards.example.org{board.get_absolute_url()}"
    assert meta["twitter:card"] == "summary_large_image"
    Benchmark.objects.update(version=board.version + 1)
    assert f"?v={board.version + 1}." in client.get(board.get_absolute_url()).content.decode()


def test_card_is_asked_for_once_and_the_sites_stands_in(client: Client, asked: list[int], tmp_path: Path, settings: Settings) -> None:
    board = make_dated_board()
    for _ in range(3):
        response = client.get(address(board))
        assert (response.status_code, response["Location"], response["Cache-Control"]) == (302, "/static/card.png", "no-store")
    assert asked == [board.pk]
    settings.HINT_SECONDS = 0.0
    client.get(address(board))
    assert asked == [board.pk] * 2, "the message was lost, maybe"


def test_drawn_card_is_kept_for_ever_under_its_own_address(client: Client, asked: list[int], tmp_path: Path) -> None:
    board = make_dated_board()
    tasks.draw_card(board.pk)
    response = client.get(address(board))
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    with Image.open(io.BytesIO(body(response))) as picture:
        assert picture.size == (1200, 630)
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 50, "something is drawn"
    for other in ("", "?v=0", "?v=" + "9" * 10_000, "?v=../../secret-key"):
        response = client.get(f"{board.get_absolute_url()}card.png{other}")
        assert (response.status_code, response["Cache-Control"]) == (200, "no-cache")
        body(response)
    assert client.head(address(board)).status_code == 200
    assert asked == []


def test_changed_board_shows_its_older_card_until_the_new_one_is_drawn(client: Client, asked: list[int], tmp_path: Path) -> None:
    board = make_dated_board()
    tasks.draw_card(board.pk)
    before = body(client.get(address(board)))
    paper = make.make_paper(abstract="It reaches 99.5% there.", day=date(2023, 1, 1))
    make.make_claim("99.5%", benchmark=board, paper=paper, model="Newest")
    Benchmark.objects.update(version=board.version + 1)
    response = client.get(address(board))
    assert (body(response), response["Cache-Control"]) == (before, "no-cache")
    assert asked == [board.pk]
    tasks.draw_card(board.pk)
    assert body(client.get(address(board))) != before
    assert files(board, tmp_path) == [f"{board.version}.{cards.DRAWING}.all.png", "asked"]


def test_card_shows_nothing_that_is_hidden(client: Client, asked: list[int], settings: Settings, tmp_path: Path) -> None:
    board = make_dated_board()
    make.make_claim("70.5%", benchmark=board, model="Vouched", state=CurationState.ACCEPTED)
    tasks.draw_card(board.pk)
    settings.SHOW_UNREVIEWED = False
    assert client.get(address(board)).status_code == 302
    tasks.draw_card(board.pk)
    assert client.get(address(board)).status_code == 200
    assert files(board, tmp_path) == [f"{board.version}.{cards.DRAWING}.accepted.png", "asked"]


def test_slower_worker_leaves_the_later_card(tmp_path: Path) -> None:
    board = make_dated_board()
    late = Benchmark.objects.get(pk=board.pk)
    board.version += 1
    cards.store_card(board, b"new")
    cards.store_card(late, b"old")
    found = cards.find_older_card(board)
    assert found is not None
    assert found.read_bytes() == b"new"
    assert cards.find_card(board) == found


def test_abandoned_file_is_removed_and_one_that_is_being_written_stays(tmp_path: Path) -> None:
    board = make_dated_board()
    folder = tmp_path / "cards" / board.public_id
    folder.mkdir(parents=True)
    for name in ("new-old", "new-fresh"):
        (folder / name).write_bytes(b"half")
    os.utime(folder / "new-old", (0, time.time() - 2 * cards.ABANDONED_SECONDS))
    (folder / "odd.png").write_bytes(b"somebody's")
    cards.store_card(board, b"whole")
    assert files(board, tmp_path) == [f"{board.version}.{cards.DRAWING}.all.png", "new-fresh", "odd.png"]


def test_full_disk_keeps_the_older_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    board = make_dated_board()
    cards.store_card(board, b"old")
    board.version += 1

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            cards.store_card(board, b"new")
    assert files(board, tmp_path) == [f"{board.version - 1}.{cards.DRAWING}.all.png"]


@pytest.mark.parametrize("error", [BrokerError("gone"), OSError("read-only")])
def test_without_a_broker_or_a_disk_there_is_still_a_picture(client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    board = make_dated_board()

    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(
        cards if isinstance(error, OSError) else tasks.draw_card, "may_ask" if isinstance(error, OSError) else "apply_async", refuse
    )
    response = client.get(address(board))
    assert (response.status_code, response["Location"]) == (302, "/static/card.png")


def test_card_that_is_removed_meanwhile_gives_the_sites(client: Client, asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_dated_board()
    monkeypatch.setattr(cards, "find_card", lambda _: Path("/nowhere/1.1.all.png"))
    assert client.get(address(board)).status_code == 302


def test_unknown_board_has_no_card_and_a_renamed_one_leads_to_its_own(client: Client, asked: list[int]) -> None:
    board = make_dated_board()
    OldSlug.objects.create(kind="benchmark", slug="before", public_id=board.public_id)
    response = client.get("/sota/before/card.png?v=1")
    assert (response.status_code, response["Location"]) == (301, f"/sota/{board.slug}/card.png?v=1")
    assert client.get("/sota/none/card.png").status_code == 404
    assert asked == []


def test_task_for_a_board_that_is_gone_does_nothing(tmp_path: Path) -> None:
    tasks.draw_card(0)
    assert not (tmp_path / "cards").exists()


def test_disk_or_database_that_is_away_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    board = make_dated_board()
    for error in (OSError("full"), DatabaseOperationalError("gone")):
        with monkeypatch.context() as patched:
            patched.setattr(cards, "store_card", lambda *_, error=error: (_ for _ in ()).throw(error))
            with pytest.raises(Retry):
                tasks.draw_card.apply((board.pk,), throw=True)


LONG = "ANameThatGoesOnAndOnWithoutAnySpace_patch14_448_" * 8


@pytest.mark.parametrize(
    "name",
    ["$x^2$ \\frac{", LONG, "many words " * 30, "图像分类 🙂", "\u05d0\u05d1\u05d2 \u202eabc", "line\nline\ttab", "<b>&amp;", "…"],
)
def test_card_of_any_name_can_be_drawn(name: str) -> None:
    metric = make.make_metric(name[:100], slug="odd", unit=name[:20], direction=Direction.LOWER)
    board = make.make_benchmark("Odd task", "Odd set", metric=metric)
    for model in ("One", "Two"):
        paper = make.make_paper(f"{model} {name}"[:300], abstract="It reaches 80.5 there.", day=date(2022, 1, 1))
        claim = make.make_claim("80.5", benchmark=board, paper=paper, model=model)
        Result.objects.filter(values_shown__claim=claim).update(model_name=name[:300], variant=name[:300])
    board.task.name, board.dataset.name = name[:200], name[:200]
    board.task.save()
    board.dataset.save()
    records.settle_records_alone([board.pk])
    tasks.draw_card(board.pk)
    assert cards.find_card(board) is not None


@pytest.mark.parametrize("kind", ["empty", "unranked", "undated"])
def test_card_without_a_record_can_be_drawn(kind: str) -> None:
    board = make.make_benchmark(metric=make.make_metric("Spread", direction=Direction.UNKNOWN) if kind == "unranked" else None)
    if kind != "empty":
        paper = make.make_paper(abstract="It reaches 80.5 there.", day=None)
        make.make_claim("80.5", benchmark=board, paper=paper)
    tasks.draw_card(board.pk)
    found = cards.find_card(board)
    assert found is not None
    with Image.open(found) as picture:
        assert picture.size == (1200, 630)


def test_sites_own_card_is_what_the_drawing_makes() -> None:
    from leaderboard import card_drawing

    with Image.open(ROOT / "static" / "card.png") as kept, Image.open(io.BytesIO(card_drawing.draw_general_card())) as drawn:
        assert kept.size == drawn.size == (1200, 630)


def test_only_who_draws_or_imports_loads_the_libraries_for_that() -> None:
    """It would take a second and 50 MB of every process of the site."""
    code = (
        "import django, sys; django.setup(); import leaderboard.urls, leaderboard.tasks, leaderboard.wsgi, leaderboard.celery;"
        "print([name for name in ('matplotlib', 'openpyxl', 'PIL') if name in sys.modules])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "leaderboard.settings.test"}
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "[]"


def test_worker_knows_the_task() -> None:
    from leaderboard.celery import app

    app.loader.import_default_modules()
    assert "leaderboard.tasks.draw_card" in app.tasks


def test_card_reads_the_board_in_few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    board = make.make_board(12)
    read: list[int] = []
    whole = boards.read_board

    def noted(*args: Any, **kwargs: Any) -> boards.Board:
        found = whole(*args, **kwargs)
        read.append(len(found.rows))
        return found

    monkeypatch.setattr(boards, "read_board", noted)
    tasks.draw_card(board.pk)
    assert read == [4]
