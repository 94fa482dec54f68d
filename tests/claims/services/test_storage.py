from __future__ import annotations

import errno
import hashlib
import io
import threading
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from claims.errors import EmptyListingError, ListingError, ListingTooLargeError, StorageError, TooManyUploadsError, UnknownFormatError
from claims.models import Listing
from claims.services import storage
from tests import factories as make

pytestmark = pytest.mark.django_db

LISTING = b"new\n\nNet1: A Study\n\nWe study this for a long time and from many sides, as nobody has done before us.\n"


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"


def upload(content: bytes, name: str) -> Listing:
    return storage.store_upload(io.BytesIO(content), name=name, actor="test")[0]


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", EmptyListingError, "empty"),
        (b"\n\n \n", EmptyListingError, ""),
        (b"%PDF-1.7\n\x00\x01\x02", ListingError, "PDF"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), ListingError, "PNG"),
        (b"PK\x03\x04" + bytes(64), ListingError, "ZIP"),
        (b"title,abstract\nA net,We show it\nA map,We use it\n", UnknownFormatError, "CSV"),
        (b'[{"title": "x", "value": 1}]', UnknownFormatError, "JSON"),
    ],
)
def test_what_is_no_listing_is_refused_with_its_name_and_the_reason(
    content: bytes, error: type[ListingError], words: str, settings: Settings
) -> None:
    with pytest.raises(error) as raised:
        upload(content, "strange.bin")
    assert raised.value.message.startswith("strange.bin was not read.")
    assert words.lower() in raised.value.message.lower()
    assert not Listing.objects.exists()
    assert not list(settings.UPLOAD_DIR.glob("**/*"))
    assert not list((settings.DATA_DIR / "incoming").iterdir())


def test_file_above_the_limit_is_refused(settings: Settings) -> None:
    settings.MAX_UPLOAD_MB = 1
    with pytest.raises(ListingTooLargeError, match="larger than 1 MB"):
        upload(LISTING + b"x" * (1 << 20), "papers.txt")
    assert not Listing.objects.exists()


def test_name_of_an_upload_is_cleaned() -> None:
    listing = upload(LISTING, "../../etc/pass\x00wd\n.txt")
    assert listing.name == "pass wd .txt"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("photo_\u202egpj.exe", "photo_ gpj.exe"),
        ("a\u2066b\u2069\u200f.txt", "a b  .txt"),
        ("\x00\n\r\t", "listing"),
        ("../../etc/passwd", "passwd"),
        (r"C:\x\y.txt", "y.txt"),
        ("x" * 5000, "x" * 255),
        ("a\ud800b", "a b"),
        ("e" + "\u0301" * 3, "e\u0301\u0301\u0301"),
    ],
)
def test_name_shows_what_it_is(name: str, shown: str) -> None:
    assert storage.clean_name(name) == shown


def test_failed_upload_leaves_the_file_of_the_same_bytes_that_somebody_else_has_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, defaults: object, sha256: str) -> None:
        path = storage.stored_path(sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(LISTING)  # another transaction has put it there, and its row is not seen yet
        raise OperationalError("the database is away")

    monkeypatch.setattr(Listing.objects, "get_or_create", fail)
    with pytest.raises(OperationalError):
        upload(LISTING, "x.txt")
    assert [path.read_bytes() for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == [LISTING]


def test_file_is_removed_if_its_row_can_not_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def fail_afterwards(path: Path, target: Path) -> None:
        replace(path, target)
        raise OSError(errno.ENOSPC, "No space left on device")  # as the end of the transaction may

    monkeypatch.setattr(Path, "replace", fail_afterwards)
    with pytest.raises(StorageError):
        upload(LISTING, "x.txt")
    monkeypatch.undo()
    assert [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == []
    assert not Listing.objects.exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_file_whose_row_somebody_is_making_is_left() -> None:
    sha256 = hashlib.sha256(LISTING).hexdigest()
    path = storage.stored_path(sha256)
    made, done = threading.Event(), threading.Event()

    def make_row() -> None:
        try:
            with transaction.atomic():
                Listing.objects.create(sha256=sha256, name="x.txt", size=1)
                path.parent.mkdir(parents=True)
                path.write_bytes(LISTING)
                made.set()
                assert not done.wait(1), "it waits"
        finally:
            connection.close()

    thread = threading.Thread(target=make_row)
    thread.start()
    assert made.wait(10)
    storage._remove_unlisted(path, sha256)
    done.set()
    thread.join(10)
    assert path.read_bytes() == LISTING
    assert Listing.objects.get().name == "x.txt"


def test_refused_upload_leaves_the_file_that_somebody_else_is_storing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(user: object, name: str, sha256: str) -> None:
        storage.stored_path(sha256).write_bytes(LISTING)  # another transaction has put it there, and its row is not seen yet
        raise TooManyUploadsError("Too many.")

    monkeypatch.setattr(storage, "_check_open_uploads", refuse)
    with pytest.raises(TooManyUploadsError):
        storage.store_upload(io.BytesIO(LISTING), name="x.txt", actor="lee", uploaded_by=make.make_user("lee"))
    assert [path.read_bytes() for path in (tmp_path / "uploads").rglob("*") if path.is_file()] == [LISTING]
