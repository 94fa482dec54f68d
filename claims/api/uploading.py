"""Takes uploaded files, and not more of them than the site wants to store."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, NoReturn

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest
from rest_framework.parsers import DataAndFiles, FileUploadParser

from claims.services.storage import explain_storage

logger = logging.getLogger(__name__)


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Write a request's files to disk until they are larger than MAX_UPLOAD_MB together.

    Then what was written is removed and the rest of the request is read without being kept, so that the form can still answer.
    What the form sends after its file is lost, too; `stopped` is the name of the file. A disk that takes nothing more stops a file in
    the same way, and `unstored` says so; `broken` is the name of a file that did not arrive whole.
    """

    stopped = ""
    unstored = ""
    broken = ""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.left = settings.MAX_UPLOAD_MB * 1024 * 1024
        self._made: list[TemporaryUploadedFile] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            self._give_up(error)
        self._made.append(self.file)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.left -= len(raw_data)
        if self.left < 0:
            self.stopped = self.file_name or "The file"
            raise StopUpload(connection_reset=False)
        try:
            return super().receive_data_chunk(raw_data, start)
        except OSError as error:
            self._give_up(error)

    def file_complete(self, file_size: int) -> Any:
        try:
            return super().file_complete(file_size)  # what was buffered is written here
        except OSError as error:
            self._give_up(error)

    def upload_interrupted(self) -> None:
        self.broken = self.file_name or "The file"
        super().upload_interrupted()

    def remove_files(self) -> None:
        """Remove all files that were made, also those of a form that turned out to be broken."""
        for file in self._made:
            with contextlib.suppress(OSError):
                file.close()

    def _give_up(self, error: OSError) -> NoReturn:
        name = self.file_name or "The file"
        logger.error("an upload, %s, was not stored: %s", name, error)
        self.unstored = f"{name} was not stored: {explain_storage(error)}"
        with contextlib.suppress(OSError, AttributeError):
            self.file.close()  # tries to write what is buffered once more; the file is removed all the same
        raise StopUpload(connection_reset=False)


def find_trouble(request: HttpRequest) -> LimitedUploadHandler | None:
    """Return the handler that could not take in one of the request's files, None if all are there. The request has been read by then."""
    handlers = (handler for handler in request.upload_handlers if isinstance(handler, LimitedUploadHandler))
    return next((handler for handler in handlers if handler.stopped or handler.unstored or handler.broken), None)


class RawFileParser(FileUploadParser):
    """A request whose body is the file itself; its name stands in `name=`, or in Content-Disposition."""

    def get_filename(self, stream: Any, media_type: Any, parser_context: Any) -> str:
        stated: str = parser_context["request"].query_params.get("name", "")
        return stated or super().get_filename(stream, media_type, parser_context) or "listing"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> DataAndFiles[Any, Any]:
        request = parser_context["request"]
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except StopUpload:
            return DataAndFiles({}, {})  # `find_trouble` knows why
        length = request.META.get("CONTENT_LENGTH") or ""
        file = parsed.files["file"]
        if length.isdigit() and file.size != int(length):
            for handler in request.upload_handlers:
                handler.upload_interrupted()
            file.close()
            return DataAndFiles({}, {})
        return parsed
