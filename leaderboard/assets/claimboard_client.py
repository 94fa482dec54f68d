"""A client for the JSON API of a Claimboard site: one file over httpx, to keep beside your own code. Python 3.11 or newer.

    from claimboard_client import Claimboard

    with Claimboard("https://boards.example.org") as site:
        for row in site.rows("image-classification-on-imagenet-1k", max_parameters="30M"):
            print(row["rank"], row["model"], row["scores"])

Lists are followed page by page, and what has not changed since it was last asked for is not sent again. Where the site asks to wait, the
client waits. Parameters are those of the API's reference (`/api/docs/` of the site); one that a list doesn't know is an error. Percent is
0 to 100, times are in seconds, sizes in bytes. Writing needs a token, which you make on the site under "API tokens". Licence: Apache-2.0.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, NotRequired, Self, TypedDict, cast
from urllib.parse import quote

import httpx

State = Literal["unreviewed", "accepted", "rejected"]
Direction = Literal["higher", "lower", "unknown"]

# ---- what the API tells. With `fields=` the other members are missing; what is not known is None. ----


class Reference(TypedDict):
    """An entry of the catalogue, in short."""

    slug: str
    name: str


class MetricReference(Reference):
    unit: str
    direction: Direction


class NamedModel(TypedDict):
    """A model as a text names it; `slug` is None for a name that no single model answers to."""

    slug: str | None
    name: str


class Condition(TypedDict):
    """A part of a setting."""

    kind: str
    value: str
    text: str


class PaperReference(TypedDict):
    id: str
    title: str
    arxiv_id: str | None
    date: str | None


class Paper(PaperReference):
    """A paper with its abstract. Its date may mean any day from `first_day` to `last_day`."""

    first_day: str | None
    last_day: str | None
    date_source: str | None
    abstract: str | None
    text_withheld: bool
    url: str | None
    code_url: str | None
    page: str


class CanonicalNumber(TypedDict):
    """A number, or a range, in the one unit that its measure is compared in."""

    value: float
    value_max: float | None
    unit: str


class Evidence(TypedDict):
    """The sentence that states a number. Offsets count Unicode code points in the title or the abstract; ends are exclusive."""

    text: str
    field: Literal["title", "abstract"]
    start: int
    end: int
    number_start: int
    number_end: int


class Record(TypedDict):
    """The record of an imported table that states a number."""

    table: str
    number: int
    column: str


class Run(TypedDict):
    """The pass of extraction that read a number."""

    extractor: str
    vocabulary: str


class Flag(TypedDict):
    """Something that a person should look at, and that nobody has settled."""

    id: str
    kind: str
    note: str
    created: str


class Statement(TypedDict):
    """What claims and costs have in common."""

    id: str
    version: int
    kind: Literal["absolute", "delta", "ratio"]
    role: Literal["proposed", "baseline"]
    model: NamedModel | None
    variant: str | None
    setting: list[Condition]
    value: float
    value_max: float | None
    stated: str
    unit: str
    decimals: int
    qualifier: str
    uncertainty: float | None
    canonical: CanonicalNumber | None
    evidence: Evidence | None
    record: Record | None
    paper: PaperReference | None
    confidence: float
    rules: list[str]
    inferred: list[str]
    corrected: dict[str, Any]
    run: Run | None
    state: State
    decided_by: Literal["nobody", "policy", "person"]
    reject_reason: str | None
    tier: str | None
    tier_reason: str | None
    tier_link: str | None
    flags: list[Flag] | None


class Claim(Statement):
    """A number stated as a result. `board` and `row` are None for one that stands on no board."""

    task: Reference | None
    dataset: Reference | None
    metric: MetricReference | None
    board: str | None
    row: str | None


class Cost(Statement):
    """A number stated as a price."""

    measure: str
    condition: str | None
    note: str | None


class Column(TypedDict):
    key: str
    label: str
    unit: str
    direction: Direction
    is_cost: bool
    is_primary: bool
    count: int
    best: float | None


class Facet(TypedDict):
    value: str
    label: str
    count: int
    chosen: bool


class Front(TypedDict):
    """The rows, by their ids, that no other row beats on both the metric and the cost; the cheapest first."""

    metric: str
    cost: str
    rows: list[str]


class Number(TypedDict):
    """The number that a row shows in a column, in the column's unit; `url` leads to its sentence."""

    id: str
    url: str
    value: float
    value_max: float | None
    stated: str
    decimals: int
    qualifier: str
    state: State
    tier: str | None
    confidence: float


class RowCondition(TypedDict):
    kind: str
    key: str
    text: str


class RowPaper(TypedDict):
    id: str
    title: str


class Row(TypedDict):
    """A row of a board; `scores` and `costs` are by the keys of the columns."""

    id: str
    rank: int | None
    tied: bool
    on_front: bool
    model: NamedModel | None
    variant: str | None
    role: Literal["proposed", "baseline"]
    setting: list[RowCondition]
    state: State
    tier: Literal["extracted", "accepted", "verified", "disputed"]
    in_conflict: bool
    paper: RowPaper | None
    date: str | None
    code_url: str | None
    scores: dict[str, Number]
    costs: dict[str, Number]


class Board(TypedDict):
    """A board and a page of its rows; `Claimboard.rows` has them all."""

    slug: str
    task: Reference
    dataset: Reference
    version: int
    changed: str
    page: str
    as_of: str | None
    shown: int
    total: int
    hidden_unreviewed: int
    columns: list[Column]
    facets: dict[Literal["setting", "role", "year", "state", "tier"], list[Facet]]
    front: Front | None
    next: str | None
    rows: list[Row]


class Listing(TypedDict):
    """An uploaded file, and how far it is read."""

    id: str
    version: int
    name: str
    sha256: str
    size: int
    format: str | None
    year: int | None
    year_source: str | None
    state: Literal["unmapped", "waiting", "reading", "done", "failed", "cancelled", "withdrawn"]
    entries: int
    parts: int
    parts_done: int
    error: str | None
    created: str
    closed: str | None
    page: str


class DecidedObject(TypedDict):
    object: str
    id: str | None
    version: int
    before: dict[str, Any]
    after: dict[str, Any]


class Decision(TypedDict):
    """An act of a person, a policy or a command."""

    id: str
    action: str
    actor: str
    reason: str | None
    created: str
    undoes: str | None
    undone_by: str | None
    objects: list[DecidedObject]
    object_count: int


class Correction(TypedDict):
    """What a number is to be: `Claimboard.correct`. What is left out stays as it is."""

    number: NotRequired[str]
    qualifier: NotRequired[str]
    kind: NotRequired[str]
    role: NotRequired[str]
    model: NotRequired[str]
    variant: NotRequired[str]
    setting: NotRequired[list[Condition]]
    may_add: NotRequired[bool]
    task: NotRequired[str | None]
    dataset: NotRequired[str | None]
    metric: NotRequired[str | None]
    measure: NotRequired[str]
    condition: NotRequired[str]
    note: NotRequired[str]
    evidence: NotRequired[dict[str, int]]


class ClaimboardError(Exception):
    """What the site refused. `code` is a stable word, `field` the parameter or member that is to blame, `status` that of HTTP."""

    def __init__(self, code: str, message: str, field: str | None, status: int) -> None:
        super().__init__(f"{message} ({code}{f', {field}' if field else ''}, {status})")
        self.code, self.message, self.field, self.status = code, message, field, status


# ---- the client ----

MOST_ON_PAGE = 500
MOST_KEPT = 32 << 20
"""So many bytes of answers are kept, the latest, to ask again whether they have changed."""
OPEN_STATES = ("waiting", "reading")

_Body = Callable[[], "bytes | IO[bytes]"]


class Claimboard:
    """A site at its address. `token` is needed for writing; `patience` is how many seconds it waits at most where the site asks it to."""

    def __init__(
        self,
        address: str,
        token: str | None = None,
        *,
        retries: int = 4,
        patience: float = 120.0,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"Accept": "application/json", "User-Agent": "claimboard-client/1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http = httpx.Client(
            base_url=f"{address.rstrip('/')}/api/v1/", headers=headers, timeout=timeout, transport=transport, follow_redirects=True
        )
        self._retries, self._patience = retries, patience
        self._kept: dict[str, tuple[str, bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # ---- reading ----

    def board(self, slug: str, /, **filters: Any) -> Board:
        """Return a board with its columns, facets, front and first rows. Filters are those of its page: `max_parameters="30M"`,
        `as_of=date(2023, 12, 31)`, `setting=["shots:0"]`, `front=True`."""
        return cast(Board, self._get(f"boards/{_word(slug)}/", _parameters(filters, yes="1")))

    def rows(self, slug: str, /, **filters: Any) -> Iterator[Row]:
        """Yield all rows of a board that pass the filters, in its order or by `sort`."""
        yield from cast(Iterator[Row], self._follow(f"boards/{_word(slug)}/", _parameters(filters, yes="1"), "rows"))

    def boards(self, **filters: Any) -> Iterator[dict[str, Any]]:
        return self.entries("boards", **filters)

    def claims(self, **filters: Any) -> Iterator[Claim]:
        """Yield claims: of a `board`, a `paper`, a `model`, a `metric`, in a `state`, with `min_confidence` and so on."""
        return cast(Iterator[Claim], self.entries("claims", **filters))

    def costs(self, **filters: Any) -> Iterator[Cost]:
        return cast(Iterator[Cost], self.entries("costs", **filters))

    def papers(self, **filters: Any) -> Iterator[Paper]:
        """Yield papers: by `arxiv_id`, `since` and `until` a day."""
        return cast(Iterator[Paper], self.entries("papers", **filters))

    def entries(self, name: str, /, **filters: Any) -> Iterator[dict[str, Any]]:
        """Yield all entries of a list ("models", "datasets", "decisions", ...). `fields` and `expand` take names, alone or in a list."""
        yield from self._follow(f"{_word(name)}/", _parameters(filters, yes="true"), "results")

    def entry(self, name: str, key: str, /, **filters: Any) -> dict[str, Any]:
        """Return one entry of a list by its id or slug."""
        return self._get(f"{_word(name)}/{_word(key)}/", _parameters(filters, yes="true"))

    # ---- writing ----

    def upload(self, path: str | Path, year: int | None = None, key: str | None = None) -> Listing:
        """Upload a listing; `year` is that of dates without one. Sent again, the same file is stored once: `key`, the idempotency key,
        is made of its bytes, its name and the year unless you give one of your own. A worker reads it: see `wait_for`."""
        path = Path(path)
        if key is None:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            key = hashlib.sha256(f"{digest}\0{path.name}\0{year or ''}".encode()).hexdigest()
        headers = {"Idempotency-Key": key, "Content-Type": "application/octet-stream"}
        parameters = _parameters({"name": path.name, "year": year}, yes="true")
        return cast(Listing, self._write("POST", "listings/", parameters, lambda: path.open("rb"), headers))

    def wait_for(self, listing: Listing | str, *, timeout: float = 600.0, every: float = 2.0) -> Listing:
        """Ask until a listing is read, and return it: its `state` says how that ended. Raises `TimeoutError` if it takes longer."""
        key = listing if isinstance(listing, str) else listing["id"]
        end = time.monotonic() + timeout
        while True:
            found = cast(Listing, self.entry("listings", key))
            if found["state"] not in OPEN_STATES:
                return found
            if time.monotonic() + every > end:
                raise TimeoutError(f"{found['name']} is still {found['state']}: {found['parts_done']} of {found['parts']} parts are done.")
            time.sleep(every)

    def decide(self, statement: Claim | Cost, state: State, *, reason: str = "", note: str = "") -> Decision:
        """Accept or reject a claim or a cost, or take that back ("unreviewed"). A rejection needs a `reason`: "not_a_result" or
        "wrongly_read". If somebody was quicker since you read it, a `ClaimboardError` with the code "stale" says so."""
        said = {"state": state, "version": statement["version"], "note": note} | ({"reason": reason} if reason else {})
        return cast(Decision, self._send_json("POST", f"{_place(statement)}decide/", said))

    def correct(self, statement: Claim | Cost, correction: Correction, *, reason: str = "") -> Decision:
        """Correct what was wrongly read of a claim or a cost, and accept it."""
        said = {**correction, "version": statement["version"], "reason": reason}
        return cast(Decision, self._send_json("PATCH", _place(statement), said))

    def undo(self, decision: Decision | str) -> Decision:
        """Take an act back; it is refused where something it changed has moved on."""
        key = decision if isinstance(decision, str) else decision["id"]
        return cast(Decision, self._send_json("POST", f"decisions/{_word(key)}/undo/", {}))

    # ---- how ----

    def _follow(self, path: str, parameters: httpx.QueryParams, member: str) -> Iterator[Any]:
        if "page_size" not in parameters:
            parameters = parameters.set("page_size", MOST_ON_PAGE)
        while True:
            page = self._get(path, parameters)
            yield from page[member]
            if page["next"] is None:
                return
            # Only what it asks: where the site is stays as you gave it.
            parameters = httpx.URL(page["next"]).params

    def _get(self, path: str, parameters: httpx.QueryParams) -> dict[str, Any]:
        address = f"{path}?{parameters}"
        kept = self._kept.get(address)
        answer = self._ask("GET", path, parameters, headers={"If-None-Match": kept[0]} if kept else {})
        body = kept[1] if answer.status_code == httpx.codes.NOT_MODIFIED and kept else answer.content
        if etag := answer.headers.get("ETag"):
            self._kept.pop(address, None)
            self._kept[address] = etag, body
            while sum(len(body) for _, body in self._kept.values()) > MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return cast(dict[str, Any], json.loads(body))

    def _send_json(self, method: str, path: str, said: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps(said).encode()
        return self._write(method, path, httpx.QueryParams(), lambda: body, {"Content-Type": "application/json"})

    def _write(self, method: str, path: str, parameters: httpx.QueryParams, body: _Body, headers: dict[str, str]) -> dict[str, Any]:
        return cast(dict[str, Any], self._ask(method, path, parameters, headers=headers, body=body).json())

    def _ask(
        self, method: str, path: str, parameters: httpx.QueryParams, *, headers: dict[str, str], body: _Body | None = None
    ) -> httpx.Response:
        """Return the answer to a request, after waiting where the site asks for it. What is sent again is sent as it was: nothing is
        written twice, for what was refused by 429 or 503 was not kept. Raises `ClaimboardError`."""
        for left in range(self._retries, -1, -1):
            sent = body() if body is not None else None
            try:
                answer = self._http.request(method, path, params=parameters, headers=headers, content=sent)
            finally:
                if sent is not None and not isinstance(sent, bytes):
                    sent.close()
            if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
                return answer
            wait = _wait_of(answer, attempt=self._retries - left)
            if wait is None or not left or wait > self._patience:
                raise _error_of(answer)
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")


def _parameters(filters: Mapping[str, Any], *, yes: str) -> httpx.QueryParams:
    """Return filters as the API reads them: days in ISO form, lists as repeated parameters, None left out."""
    found: list[tuple[str, str | int | float | bool | None]] = []
    for name, stated in filters.items():
        for value in stated if isinstance(stated, list | tuple | set | frozenset) else [stated]:
            if value is True:
                found.append((name, yes))
            elif value is False:
                found += [] if yes == "1" else [(name, "false")]
            elif value is not None:
                found.append((name, value.isoformat() if isinstance(value, date) else str(value)))
    return httpx.QueryParams(found)


def _word(key: str) -> str:
    """Return an id or a slug as one part of an address, whatever it holds."""
    return quote(key, safe="")


def _place(statement: Claim | Cost) -> str:
    return f"{'costs' if 'measure' in statement else 'claims'}/{_word(statement['id'])}/"


def _wait_of(answer: httpx.Response, *, attempt: int) -> float | None:
    """Return how many seconds to wait before the same is asked again, None where that is of no use."""
    if answer.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE):
        return None
    stated = answer.headers.get("Retry-After", "")
    if stated.isascii() and stated.isdigit():
        return float(stated)
    try:
        return max(0.0, (parsedate_to_datetime(stated) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return float(2**attempt)


def _error_of(answer: httpx.Response) -> ClaimboardError:
    try:
        told = answer.json()["error"]
        return ClaimboardError(str(told["code"]), str(told["message"]), told["field"], answer.status_code)
    except (ValueError, KeyError, TypeError):
        # Not the API's own word: that of something on the way.
        return ClaimboardError("no_answer_of_the_api", f"{answer.url} answered {answer.reason_phrase or 'so'}.", None, answer.status_code)
