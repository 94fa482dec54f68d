"""What the log says of requests that are refused, and of those that fail."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from leaderboard.logs import QuietRefusals
from tests import factories as make

pytestmark = [pytest.mark.once, pytest.mark.django_db]


class Lines(logging.Handler):
    """Keeps what the console would print."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(QuietRefusals())
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[list[str]]:
    root, handler = logging.getLogger(), Lines()
    before = root.level
    # First in line: others see the record as this one leaves it, and not the reverse.
    root.handlers.insert(0, handler)
    root.setLevel(logging.INFO)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(before)


def test_refused_requests_are_a_line_of_information_each(client: Client, log: list[str]) -> None:
    assert client.get("/nothing/").status_code == 404
    assert client.get("/search/?q=%00").status_code == 400
    assert log
    assert all(line.startswith("INFO django.request: ") and "\n" not in line for line in log), log


def test_refused_requests_are_dropped_where_information_is(client: Client, log: list[str]) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    client.get("/nothing/")
    assert log == []


def test_forbidden_page_leaves_no_trace(client: Client, log: list[str]) -> None:
    client.force_login(make.make_user("reader"))
    assert client.get("/listings/upload/").status_code == 403
    assert len(log) == 1
    assert log[0].startswith("INFO django.request: Forbidden")
    assert "Traceback" not in log[0]


def test_wrong_host_is_a_warning_that_names_the_setting(client: Client, log: list[str]) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    with override_settings(ALLOWED_HOSTS=["boards.example.org"], SITE_URL="https://boards.example.org"):
        client.get("/login/", headers={"host": "evil.test\nINFO all is well" + "x" * 500})
    (line,) = log
    assert line.startswith("WARNING django.security.DisallowedHost: Refused a request for the host 'evil.test\\nINFO all is well")
    assert line.endswith("the site answers at https://boards.example.org only, which SITE_URL names.")
    assert len(line) < 300


def test_faults_of_the_site_keep_their_trace(client: Client, log: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger().setLevel(logging.WARNING)
    client.raise_request_exception = False
    monkeypatch.setattr("claims.boards.list_areas", lambda **_: 1 / 0)
    assert client.get("/").status_code == 500
    (line,) = log
    assert line.startswith("ERROR django.request: Internal Server Error: /")
    assert "ZeroDivisionError" in line


def test_console_is_quiet_about_refusals() -> None:
    consoles = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    assert consoles
    assert all(any(isinstance(quiet, QuietRefusals) for quiet in handler.filters) for handler in consoles)
