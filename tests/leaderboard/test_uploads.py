"""How much of an upload reaches the disk."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.test import Client, RequestFactory

from claims.api.uploading import LimitedUploadHandler, find_trouble
from claims.models import Listing
from tests import factories as make

MB = 1024 * 1024
SAMPLE = Path(make.__file__).resolve().parents[1] / "claims" / "samples" / "daily-papers-sample.txt"


@pytest.fixture(autouse=True)
def incoming(settings: Any, tmp_path: Path) -> Path:
    settings.FILE_UPLOAD_HANDLERS = ["claims.api.uploading.LimitedUploadHandler"]
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    settings.MAX_UPLOAD_MB = 1
    return tmp_path


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the size of every block that is written to disk."""
    sizes: list[int] = []
    receive = TemporaryFileUploadHandler.receive_data_chunk

    def receive_watched(self: TemporaryFileUploadHandler, raw_data: bytes, start: int) -> Any:
        sizes.append(len(raw_data))
        return receive(self, raw_data, start)

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", receive_watched)
    return sizes


def file_of(content: bytes, name: str = "x.txt") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


@pytest.mark.django_db
def test_upload_above_the_limit_is_not_written_and_the_form_says_so(uploader: Client, incoming: Path, written: list[int]) -> None:
    response = uploader.post("/listings/upload/", {"year": "2025", "file": file_of(b"x" * 5 * MB)})
    assert response.status_code == 400
    page = response.content.decode()
    assert "x.txt was not read. It is larger than 1 MB, the most that this site takes; split it." in page
    assert "No file was chosen" not in page
    assert 'value="2025"' in page
    assert 0 < sum(written) <= MB
    assert list(incoming.iterdir()) == []
    assert Listing.objects.count() == 0


@pytest.mark.django_db
def test_upload_below_the_limit_is_taken(uploader: Client, incoming: Path) -> None:
    text = SAMPLE.read_bytes()
    assert uploader.post("/listings/upload/", {"file": file_of(text)}).status_code == 302
    assert Listing.objects.get().size == len(text)
    assert list(incoming.iterdir()) == []


@pytest.mark.django_db
def test_upload_of_several_files_shares_the_limit(uploader: Client, incoming: Path, written: list[int]) -> None:
    files = {"file": file_of(SAMPLE.read_bytes()), "more": file_of(b"x" * MB, "more.txt"), "most": file_of(b"x" * MB)}
    response = uploader.post("/listings/upload/", files)
    assert response.status_code == 400
    assert "more.txt was not read. It is larger than 1 MB" in response.content.decode()
    assert sum(written) <= MB
    assert list(incoming.iterdir()) == []


@pytest.mark.django_db
def test_form_elsewhere_with_a_large_file_writes_no_more(uploader: Client, incoming: Path, written: list[int]) -> None:
    uploader.post("/logout/", {"file": file_of(b"x" * 3 * MB)})
    assert 0 < sum(written) <= MB
    assert list(incoming.iterdir()) == []


def test_handler_takes_exactly_the_limit() -> None:
    handler = LimitedUploadHandler()
    handler.new_file("file", "x.txt", "text/plain", None)
    handler.receive_data_chunk(b"x" * MB, 0)
    assert handler.stopped == ""
    with pytest.raises(StopUpload) as stop:
        handler.receive_data_chunk(b"x", MB)
    assert stop.value.connection_reset is False
    assert handler.stopped == "x.txt"
    assert Path(handler.file.temporary_file_path()).stat().st_size <= MB
    handler.file.close()


def test_request_that_was_not_stopped_has_no_trouble() -> None:
    request = RequestFactory().post("/listings/upload/", {"file": file_of(b"a")})
    assert list(request.FILES) == ["file"]
    assert find_trouble(request) is None
