"""What can go wrong in the domain. Pages, API and tasks translate; nothing here knows of HTTP."""

from __future__ import annotations


class ClaimsError(Exception):
    """The base of all errors that a user can understand and act on.

    `message` says what, why and what to do; `code` is a stable word for programs.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ListingError(ClaimsError):
    """A file that can't be read as a listing."""

    code = "listing_unreadable"


class EmptyListingError(ListingError):
    code = "listing_empty"


class UnknownFormatError(ListingError):
    code = "listing_format_unknown"


class ListingTooLargeError(ListingError):
    code = "listing_too_large"


class TooManyUploadsError(ClaimsError):
    """Somebody has as many listings waiting or being read as one may have at once."""

    code = "too_many_uploads"


class StorageError(ClaimsError):
    """The disk or the database takes nothing more: full, or read-only. Nothing was kept; the log says it to the operator."""

    code = "storage_unavailable"


class StaleObjectError(ClaimsError):
    """A form was based on a version that somebody has changed since."""

    code = "stale"


class NotPermittedError(ClaimsError):
    code = "not_permitted"


class NotAuthenticatedError(ClaimsError):
    """Something is done that needs a token, without one or with one that is no longer good."""

    code = "not_authenticated"


class InvalidTokenError(NotAuthenticatedError):
    code = "token_invalid"


class ExpiredTokenError(NotAuthenticatedError):
    code = "token_expired"


class RevokedTokenError(NotAuthenticatedError):
    code = "token_revoked"


class TokenError(ClaimsError):
    """A token can't be made as it is wished."""

    code = "token_refused"


class InvitationError(ClaimsError):
    """An invitation can't be made or accepted as it is wished. `field` is the form's field that is to blame, '' for none."""

    code = "invitation_refused"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class UnknownInvitationError(InvitationError):
    """No invitation of this site has that secret."""

    code = "invitation_unknown"


class SpentInvitationError(InvitationError):
    """An invitation that was accepted, was revoked or has expired."""

    code = "invitation_spent"


class IdempotencyError(ClaimsError):
    """An idempotency key was used for something else before."""

    code = "idempotency_key_reused"


class StillAtWorkError(ClaimsError):
    """The first request under the same idempotency key is not answered yet."""

    code = "still_at_work"


class InvalidDecisionError(ClaimsError):
    """What is to be decided can't be so. `field` names what is to blame, '' for all of it."""

    code = "invalid_decision"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MappingError(ClaimsError):
    """What was said of a table's columns is no way to read it. `columns` has what is wrong with single ones, by their headers, and
    `fields` what is wrong with "task" or "dataset"; `message` says all of it."""

    code = "mapping_invalid"

    def __init__(self, message: str, *, columns: dict[str, str] | None = None, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.columns = columns or {}
        self.fields = fields or {}


class CatalogueError(ClaimsError):
    """A catalogue file that can't be loaded; names the file and the entry."""

    code = "catalogue_invalid"


class UnknownFilterError(ClaimsError):
    """A query parameter, or a value of one, that the page doesn't know. `field` is the parameter's name."""

    code = "unknown_filter"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ExportError(ClaimsError):
    """What was asked for can't be written out."""

    code = "export"


class DumpError(ClaimsError):
    """A dump that can't be made, or a site that can't be restored from one."""

    code = "dump"


class DumpRunningError(DumpError):
    """Another process is making a dump."""

    code = "dump_running"


class DumpTooEarlyError(DumpError):
    """Boards still show what was withdrawn: workers are taking it away."""

    code = "dump_too_early"


class WebhookError(ClaimsError):
    """A webhook that can't be as somebody wants it. `field` is the form's field that is to blame, '' for none."""

    code = "webhook_invalid"

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ForbiddenAddressError(WebhookError):
    """An address that this site must not call: it leads into the site's own network, or is none."""

    code = "address_forbidden"


class NotReachedError(ClaimsError):
    """Nobody answered at an address, or not in time."""

    code = "not_reached"
