"""Uploads that no browser would send: forged names and types, broken bodies, floods, a disk that takes nothing more."""

from __future__ import annotations

import errno
import io
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import OperationalError
from django.test import Client, RequestFactory

from claims.api.uploading import LimitedUploadHandler
from claims.errors import EmptyListingError, TooManyUploadsError
from claims.models import Listing
from claims.services import storage, uploads
from claims.terms import ListingState
from tests import factories as make
from tests.pages import post_form

pytestmark = pytest.mark.django_db

LISTING = (
    b"OrderNet: On the Order of Layers\n\nWe study how the order of layers changes what a network learns. OrderNet reaches 81.5% top-1 accuracy on "
    b"ImageNet with 25M parameters. It is better than the others that we know of.\n"
)
BOUNDARY = "xBoundaryx"
PATHS = ("incoming", "uploads")


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "incoming"
    settings.FILE_UPLOAD_HANDLERS = ["claims.api.uploading.LimitedUploadHandler"]
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    return tmp_path


@pytest.fixture
def uploader() -> Client:
    """Return somebody who may upload. An exception of a page becomes its page 500, as for a reader."""
    client = Client(raise_request_exception=False)
    client.force_login(make.make_user("uploader", "upload_listing"))
    return client


def part(content: bytes, *, name: str = "file", filename: str | bytes | None = "papers.txt", kind: str = "text/plain") -> bytes:
    """Return one part of a form, its names as they are given, without any quoting."""
    shown = b"" if filename is None else b'; filename="' + (filename.encode() if isinstance(filename, str) else filename) + b'"'
    header = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode() + shown
    return header + f"\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def post(client: Client, body: bytes, *, kind: str = f"multipart/form-data; boundary={BOUNDARY}", **extra: Any) -> Any:
    return client.generic("POST", "/listings/upload/", body, content_type=kind, **extra)


def left_behind(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for name in PATHS for path in (folder / name).rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Temp\x\papers.txt", "papers.txt"),
        ("x" * 700 + ".txt", "x" * 251 + ".txt"),
        ("a\x00b.txt", "ab.txt"),
        ("<script>alert(1)</script>.txt", "script>.txt"),
        ("=HYPERLINK(1).txt", "=HYPERLINK(1).txt"),
        ("photo_\u202egpj.exe", "photo_gpj.exe"),
        ("a\u2066b\u2069\u200fc\u200b.txt", "abc.txt"),
        ("..", None),
        ("&#46;&#46;/x", "x"),
        ("\ud800.txt".encode("utf-8", "surrogatepass"), None),
        ("", None),
    ],
)
def test_forged_name_is_shown_harmless(uploader: Client, folder: Path, filename: str | bytes, shown: str | None) -> None:
    response = post(uploader, part(LISTING, filename=filename) + END)
    if shown is None:
        assert response.status_code == 400
        assert "No file was chosen" in response.content.decode()
        assert left_behind(folder) == []
        return
    assert response.status_code == 302
    listing = Listing.objects.get()
    assert listing.name.split() == shown.split()
    assert listing.name.isprintable()
    assert left_behind(folder) == [f"uploads/{listing.sha256[:2]}/{listing.sha256}"]
    page = uploader.get(response.headers["Location"])
    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()


def test_message_holds_no_header_of_a_name(uploader: Client) -> None:
    name = b"a\r\nSet-Cookie: x=1\r\n.txt"
    response = post(uploader, part(b"no listing at all", filename=name) + END)
    assert response.status_code == 400
    assert "Set-Cookie: x" not in str(response.headers)
    assert "x" not in response.cookies


@pytest.mark.parametrize("kind", ["image/png", "application/zip", "text/html; charset=utf-16", "x" * 500, "", "a/b; charset=\xff"])
def test_content_type_that_lies_decides_nothing(uploader: Client, kind: str) -> None:
    assert post(uploader, part(LISTING, kind=kind) + END).status_code == 302
    assert Listing.objects.get().encoding == "utf-8"


YEAR = b"--" + BOUNDARY.encode() + b'\r\nContent-Disposition: form-data; name="year"\r\n\r\n%s\r\n'
FILE = part(LISTING)
MANY_FIELDS = b"".join(part(b"1", name=f"f{number}", filename=None) for number in range(10_000))
MANY_FILES = b"".join(part(LISTING, name=f"f{number}") for number in range(300))
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "no body": (b"", MULTIPART, ""),
    "end only": (END, MULTIPART, "No file was chosen"),
    "no boundary": (FILE + END, "multipart/form-data", ""),
    "other boundary": (FILE + END, "multipart/form-data; boundary=other", "did not arrive whole"),
    "bad boundary": (FILE + END, "multipart/form-data; boundary=\x01", ""),
    "name of 5,000 characters": (part(LISTING, filename="x" * 5000) + END, MULTIPART, ""),
    "truncated": (FILE[:-40], MULTIPART, "papers.txt did not arrive whole"),
    "truncated header": (FILE[:60], MULTIPART, ""),
    "file twice": (FILE + FILE + END, MULTIPART, "Several files were sent"),
    "file as year": (FILE + part(b"2025", name="year") + END, MULTIPART, ""),
    "file as text": (part(LISTING, filename=None) + END, MULTIPART, "No file was chosen"),
    "10 MB of year": (FILE + YEAR % (b"1" * 10_000_000) + END, MULTIPART, ""),
    "4000 digits": (FILE + YEAR % (b"1" * 4400) + END, MULTIPART, "The year"),
    "year with NUL": (FILE + YEAR % b"20\x0025" + END, MULTIPART, "can’t be understood"),
    "year of bytes": (FILE + YEAR % b"\xff\xfe" + END, MULTIPART, "The year is not a number"),
    "year inf": (FILE + YEAR % b"inf" + END, MULTIPART, "The year is not a number"),
    "year 0": (FILE + YEAR % b"0" + END, MULTIPART, "The year must be one from"),
    "10,000 fields": (MANY_FIELDS + FILE + END, MULTIPART, ""),
    "300 files": (MANY_FILES + END, MULTIPART, ""),
    "bad base64": (part(b"!!!!!", kind="text/plain\r\nContent-Transfer-Encoding: base64") + END, MULTIPART, ""),
    "empty file": (part(b"") + END, MULTIPART, "The file is empty"),
    "form without files": (b"file=x&year=2025", "application/x-www-form-urlencoded", "No file was chosen"),
    "10,000 plain fields": (b"&".join(b"a%d=1" % number for number in range(10_000)), "application/x-www-form-urlencoded", ""),
    "JSON": (b'{"file": "x"}', "application/json", "No file was chosen"),
    "form in UTF-16": (b"a=1", "application/x-www-form-urlencoded; charset=utf-16", ""),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_broken_form_gets_a_clear_page_and_leaves_nothing(uploader: Client, folder: Path, case: str) -> None:
    body, kind, words = HOSTILE[case]
    response = post(uploader, body, kind=kind)
    page = response.content.decode()
    if case == "file as year":
        assert response.status_code == 302, "the year is a field of text; a file of that name is nobody's"
        Listing.objects.all().delete()
        return
    assert response.status_code in (400, 413), page
    assert words in page
    assert "<h1>" in page
    assert left_behind(folder) == []
    assert not Listing.objects.exists()


@pytest.mark.parametrize("length", ["0", "10", "9999999999", "-1", "x", "1e9", ""])
def test_wrong_content_length_is_no_fault_of_the_site(uploader: Client, folder: Path, length: str) -> None:
    # as a server hands it over: a body that ends where it ends
    extra: dict[str, Any] = {"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(FILE + END)}
    response = post(uploader, FILE + END, **extra)
    assert response.status_code in (302, 400)
    assert (response.status_code == 302) == Listing.objects.exists()
    assert (response.status_code == 302) == bool(left_behind(folder))


# -- too many at once -------------------------------------------------------------------------------------------------------------


def send(client: Client, number: int) -> Any:
    return post(client, part(LISTING.replace(b"We study", b"We study %d times" % number), filename=f"{number}.txt") + END)


def test_upload_beyond_the_open_ones_is_refused_until_some_are_read(uploader: Client, folder: Path, settings: Any) -> None:
    settings.MAX_OPEN_UPLOADS = 2
    assert [send(uploader, number).status_code for number in (1, 2, 3)] == [302, 302, 429]
    response = send(uploader, 3)
    assert "3.txt was not stored. 2 of your uploads still wait or are being read" in response.content.decode()
    assert "upload it again" in response.content.decode()
    assert len(left_behind(folder)) == 2
    assert send(uploader, 2).status_code == 302, "what is known already is never refused"
    other = Client()
    other.force_login(make.make_user("other", "upload_listing"))
    assert send(other, 3).status_code == 302, "each user has a count of their own"
    Listing.objects.filter(name="1.txt").update(state=ListingState.DONE)
    assert send(uploader, 4).status_code == 302


def test_listings_that_are_opened_again_take_a_place(uploader: Client, folder: Path, settings: Any) -> None:
    settings.MAX_OPEN_UPLOADS = 2
    assert [send(uploader, number).status_code for number in (1, 2)] == [302, 302]
    stopped, other = Listing.objects.order_by("pk")
    uploads.stop(stopped, actor="uploader", version=stopped.version)
    assert send(uploader, 3).status_code == 302
    response = post_form(uploader, f"{stopped.get_absolute_url()}read-on/", version=stopped.version)
    assert response.status_code == 429
    assert "1.txt was not read on. 2 of your uploads still wait or are being read" in response.content.decode()
    Listing.objects.filter(pk=stopped.pk).update(state=ListingState.FAILED, error="broken")
    response = post_form(uploader, f"{stopped.get_absolute_url()}retry/", version=stopped.version)
    assert response.status_code == 429
    assert "1.txt was not tried again. 2 of your uploads still wait or are being read" in response.content.decode()
    response = send(uploader, 1)
    assert response.status_code == 429, "nor by bringing the same file again"
    assert "1.txt was not tried again." in response.content.decode()
    manager = make.make_user("manager", "upload_listing", "manage_listing")
    with pytest.raises(TooManyUploadsError, match="2 of the uploads of uploader still wait"):
        uploads.retry(stopped, actor=manager.get_username())
    Listing.objects.filter(pk=other.pk).update(state=ListingState.DONE)
    assert post_form(uploader, f"{stopped.get_absolute_url()}retry/", version=stopped.version).status_code == 302


def test_commands_are_not_counted(settings: Any) -> None:
    settings.MAX_OPEN_UPLOADS = 0
    with Path("/dev/null").open("rb") as nothing, pytest.raises(EmptyListingError):
        storage.store_upload(nothing, name="x", actor="command line")
    assert storage.store_upload(io.BytesIO(LISTING), name="x", actor="command line")[1]


# -- a disk that takes nothing more -----------------------------------------------------------------------------------------------

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
READ_ONLY = OSError(errno.EROFS, os.strerror(errno.EROFS))


def fail(error: Exception) -> Any:
    def failing(*_: Any, **__: Any) -> Any:
        raise error

    return failing


def assert_no_room(response: Any, folder: Path, caplog: pytest.LogCaptureFixture, *, words: str = "disk is full") -> None:
    page = response.content.decode()
    assert response.status_code == 507, page
    assert f"papers.txt was not stored: the site&#x27;s {words}. Nothing of it was kept. Tell the operator" in page
    assert str(folder) not in page
    assert left_behind(folder) == []
    assert not Listing.objects.exists()
    assert any(record.levelno == logging.ERROR and "papers.txt" in record.getMessage() for record in caplog.records)


def test_disk_that_is_full_while_the_file_arrives(
    uploader: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    new_file = TemporaryFileUploadHandler.new_file

    def new_full_file(self: TemporaryFileUploadHandler, *args: Any, **kwargs: Any) -> None:
        new_file(self, *args, **kwargs)
        full = os.open("/dev/full", os.O_RDWR)
        os.dup2(full, self.file.fileno())
        os.close(full)

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", new_full_file)
    assert_no_room(post(uploader, FILE + END), folder, caplog)
    caplog.clear()
    assert_no_room(post(uploader, part(LISTING * 10_000) + END), folder, caplog)


@pytest.mark.parametrize(("error", "words"), [(FULL, "disk is full"), (READ_ONLY, "")])
@pytest.mark.parametrize("method", ["new_file", "receive_data_chunk", "file_complete"])
def test_disk_that_refuses_any_step_of_the_arrival(
    uploader: Client,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: OSError,
    words: str,
    method: str,
) -> None:
    if method == "new_file":
        monkeypatch.setattr("django.core.files.uploadhandler.TemporaryUploadedFile", fail(error))
    else:
        monkeypatch.setattr(TemporaryFileUploadHandler, method, fail(error))
    response = post(uploader, FILE + END)
    if words:
        assert_no_room(response, folder, caplog, words=words)
    else:
        assert response.status_code == 507
        assert "the site can&#x27;t write to its disk" in response.content.decode()


@pytest.mark.parametrize("step", ["tempfile.mkstemp", "os.fsync", "pathlib.Path.replace", "pathlib.Path.mkdir"])
def test_disk_that_is_full_while_the_file_is_kept(
    uploader: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    # only while it is stored: the form's own temporary file is made before
    store = storage._store

    def store_failing(*args: Any, **kwargs: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(step, fail(FULL))
            return store(*args, **kwargs)

    monkeypatch.setattr(storage, "_store", store_failing)
    assert_no_room(post(uploader, FILE + END), folder, caplog)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("database or disk is full", "disk is full"),
        ('could not extend file "base/1/2": No space left on device', "disk is full"),
        ("attempt to write a readonly database", ""),
    ],
)
def test_database_that_is_full_leaves_no_file_without_a_row(
    uploader: Client, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, said: str, words: str
) -> None:
    monkeypatch.setattr(Listing.objects, "get_or_create", fail(OperationalError(said)))
    response = post(uploader, FILE + END)
    if words:
        assert_no_room(response, folder, caplog, words=words)
    else:
        assert response.status_code == 507
        assert left_behind(folder) == []


def test_database_that_is_full_keeps_the_file_that_was_there(uploader: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post(uploader, FILE + END).status_code == 302
    before = left_behind(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Listing.objects, "get_or_create", fail(OperationalError("database or disk is full")))
        assert post(uploader, FILE + END).status_code == 507
    assert left_behind(folder) == before != []
    assert Listing.objects.count() == 1


def test_handler_names_what_was_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", fail(FULL))
    request = RequestFactory().generic("POST", "/", FILE + END, content_type=MULTIPART)
    assert dict(request.FILES) == {}
    (handler,) = request.upload_handlers
    assert isinstance(handler, LimitedUploadHandler)
    assert handler.unstored.startswith("papers.txt was not stored")
