"""Takes uploaded files, and not more of them than the site wants to store."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest


class LimitedUploadHandler(TemporaryFileUploadHandler):
    """Write a request's files to disk until they are larger than MAX_UPLOAD_MB together.

    Then what was written is removed and the rest of the request is read without being kept, so that the form can still answer.
    What the form sends after its file is lost, too; `stopped` is the name of the file.
    """

    stopped = ""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.left = settings.MAX_UPLOAD_MB * 1024 * 1024

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.left -= len(raw_data)
        if self.left < 0:
            self.stopped = self.file_name or "The file"
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)


def name_stopped_file(request: HttpRequest) -> str:
    """Return the name of the file that was too large to be taken in, '' if none was. The request has been read by then."""
    return next((handler.stopped for handler in request.upload_handlers if isinstance(handler, LimitedUploadHandler)), "")
