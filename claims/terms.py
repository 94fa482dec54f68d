"""Closed vocabularies of the field. Their values are stored, so a value once released keeps its meaning."""

from __future__ import annotations

from enum import StrEnum

LARGEST = 1e30
"""No number of the field is larger: the largest trainings are counted in 1e26 operations. What is, was misread."""


class TextField(StrEnum):
    """Which part of a paper's text a number stands in."""

    TITLE = "title"
    ABSTRACT = "abstract"


class Scope(StrEnum):
    """What a program may do with a token: see what everybody sees, bring listings, decide on numbers."""

    READ = "read"
    UPLOAD = "upload"
    CURATE = "curate"


class AccountGroup(StrEnum):
    """The groups of accounts that a site begins with; what those in one may do, its operator may change."""

    UPLOADER = "uploader"
    CURATOR = "curator"
    ADMINISTRATOR = "administrator"


class SearchKind(StrEnum):
    """What a search finds."""

    BOARD = "board"
    DATASET = "dataset"
    MODEL = "model"
    PAPER = "paper"


class Role(StrEnum):
    """Whose number it is: this paper's own, or one that it quotes."""

    PROPOSED = "proposed"
    BASELINE = "baseline"


class ClaimKind(StrEnum):
    """What a number states: the score itself, a difference between two scores, or a relative quantity.

    Only absolute claims rank.
    """

    ABSOLUTE = "absolute"
    DELTA = "delta"
    RATIO = "ratio"


class Qualifier(StrEnum):
    """How exactly a number is stated. "Up to x" is `AT_MOST`, "more than x" is `OVER`."""

    EXACT = "="
    ABOUT = "~"
    OVER = ">"
    UNDER = "<"
    AT_MOST = "<="
    AT_LEAST = ">="


class CostMeasure(StrEnum):
    """What a cost counts. `CANONICAL_UNITS` names the one unit that a measure is compared in."""

    PARAMETERS = "parameters"
    FLOPS = "flops"
    MACS = "macs"
    LATENCY = "latency"
    THROUGHPUT = "throughput"
    GPU_HOURS = "gpu_hours"
    GPU_DAYS = "gpu_days"
    TPU_HOURS = "tpu_hours"
    TRAINING_TIME = "training_time"
    SEARCH_TIME = "search_time"
    TRAINING_COST = "training_cost"
    INFERENCE_COST = "inference_cost"
    INFERENCE_TIME = "inference_time"
    EPOCHS = "epochs"
    STEPS = "steps"
    NFE = "nfe"
    MODEL_SIZE = "model_size"
    MEMORY = "memory"
    ENERGY = "energy"
    TOKENS = "tokens"
    TRAINING_DATA = "training_data"
    BATCH_SIZE = "batch_size"
    STORAGE = "storage"
    SPEED = "speed"
    COMPRESSION = "compression"
    OTHER = "other"


CANONICAL_UNITS: dict[CostMeasure, str] = {
    CostMeasure.PARAMETERS: "",
    CostMeasure.FLOPS: "",
    CostMeasure.MACS: "",
    CostMeasure.LATENCY: "s",
    CostMeasure.THROUGHPUT: "1/s",
    CostMeasure.GPU_HOURS: "GPU hours",
    CostMeasure.GPU_DAYS: "GPU hours",
    CostMeasure.TPU_HOURS: "TPU hours",
    CostMeasure.TRAINING_TIME: "s",
    CostMeasure.SEARCH_TIME: "s",
    CostMeasure.INFERENCE_TIME: "s",
    CostMeasure.MODEL_SIZE: "bytes",
    CostMeasure.MEMORY: "bytes",
    CostMeasure.STORAGE: "bytes",
    CostMeasure.ENERGY: "J",
}
"""The one unit of each measure; a measure that is not listed is a bare count or is compared as stated."""


class ConditionKind(StrEnum):
    """What a condition of a setting limits. `OTHER` counts for a row's identity and is no facet."""

    SHOTS = "shots"
    LABEL_FRACTION = "label_fraction"
    RESOLUTION = "resolution"
    EXTRA_DATA = "extra_data"
    PROTOCOL = "protocol"
    STEPS = "steps"
    ENSEMBLE = "ensemble"
    SPLIT = "split"
    OTHER = "other"


COMPARABLE_KINDS = (
    ConditionKind.SHOTS,
    ConditionKind.LABEL_FRACTION,
    ConditionKind.PROTOCOL,
    ConditionKind.SPLIT,
    ConditionKind.STEPS,
    ConditionKind.ENSEMBLE,
)
"""What makes a protocol: results on other terms are not comparable. Extra data and resolution are choices of a model."""


class CurationState(StrEnum):
    UNREVIEWED = "unreviewed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class DecidedBy(StrEnum):
    """Who decided. Only a person's decision is protected from re-extraction."""

    NOBODY = "nobody"
    POLICY = "policy"
    PERSON = "person"


CORRECT, ADD, SPLIT = "correct", "add", "split"
"""The actions of the change sets in which a person said what a number is: one that was read, one that was missed, two that were one."""
EDIT_ENTRY, CONFIRM_ENTRIES, IMPORT_ENTRIES = "edit", "confirm", "import"
"""The actions of the change sets on entries of the catalogue: one was edited, some were marked as reviewed, a file was imported."""
ACCEPT_BY_POLICY = "accept by policy"
"""The action of the change sets in which the site accepts by itself; their actor is no person."""


class RejectReason(StrEnum):
    NOT_A_RESULT = "not_a_result"
    WRONGLY_READ = "wrongly_read"


class Tier(StrEnum):
    """What stands above acceptance: somebody checked the number against its source, or somebody objects."""

    VERIFIED = "verified"
    DISPUTED = "disputed"


class RowTier(StrEnum):
    """How far a board's row is checked: the weakest of its numbers decides, but for an objection, which holds for the whole row."""

    EXTRACTED = "extracted"
    ACCEPTED = "accepted"
    VERIFIED = "verified"
    DISPUTED = "disputed"


VERIFY, DISPUTE, WITHDRAW_TIER = "verify", "dispute", "withdraw tier"
"""The actions of the change sets in which a person said that a number was checked, objected to one, or took either back."""
WITHHOLD, SHOW_TEXT = "withhold text", "show text"
"""The actions of the change sets by which a paper's text is shown nowhere, and is shown again."""
SETTLE_FLAGS = "settle"
"""The action of a change set that settles flags and decides on nothing."""


class ReportKind(StrEnum):
    """What a reader without an account says is wrong."""

    WRONG_NUMBER = "wrong_number"
    WRONG_NAMES = "wrong_names"
    NOT_THIS_PAPERS = "not_this_papers"
    DUPLICATE = "duplicate"
    OTHER = "other"
    TAKEDOWN = "takedown"


class ReportOutcome(StrEnum):
    """What a curator made of a report."""

    DONE = "done"
    NO_PROBLEM = "no_problem"


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"
    UNKNOWN = "unknown"


class DateSource(StrEnum):
    """How a paper's date is known, from the weakest to the strongest word. A table's is that of the result, which may be later."""

    TABLE = "table"
    YEAR_INFERRED = "year_inferred"
    YEAR_GIVEN = "year_given"
    STATED = "stated"
    CURATOR = "curator"


class EntryKind(StrEnum):
    """What an uploaded file holds: papers with their abstracts, or records of results."""

    PAPERS = "papers"
    RECORDS = "records"


class ColumnMeaning(StrEnum):
    """What a column of a table of results says of each record."""

    IGNORE = "ignore"
    MODEL = "model"
    VARIANT = "variant"
    METRIC = "metric"
    COST = "cost"
    CONDITION = "condition"
    TASK = "task"
    DATASET = "dataset"
    PAPER_TITLE = "paper_title"
    PAPER_URL = "paper_url"
    DATE = "date"
    CODE_URL = "code_url"


class YearSource(StrEnum):
    GIVEN = "given"
    INFERRED = "inferred"


class ListingState(StrEnum):
    """How far a listing is. An unmapped one waits for somebody to say what its columns mean. Of a cancelled one what was read stays, and
    reading may go on; a withdrawn one is on no board."""

    UNMAPPED = "unmapped"
    WAITING = "waiting"
    READING = "reading"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


OPEN_STATES = (ListingState.WAITING, ListingState.READING)
"""The states in which workers have something of a listing to read."""


class ChunkState(StrEnum):
    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class WorkState(StrEnum):
    """How far work is that workers share. What was done before it failed or was stopped stays."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class AliasKind(StrEnum):
    TASK = "task"
    DATASET = "dataset"
    METRIC = "metric"
    MODEL = "model"


REEXTRACT = "re-extract"
"""The action of a change set that an extractor version made and no person: no word on whether a number is right, nothing to take back."""


MERGE = "merge"
"""The action of a change set that merges two entries of the catalogue, or two papers."""


SPLIT_PAPER = "split paper"
"""The action of a change set that makes a paper of its own of some texts of another one."""


class ChartKind(StrEnum):
    """What a board's chart shows: score against a cost, the record over time, or the trade-off of one family of models after the other."""

    TRADEOFF = "tradeoff"
    TIME = "time"
    FAMILIES = "families"


class PointColour(StrEnum):
    """What the points of a chart are coloured by; without it, by where they are from."""

    FAMILY = "family"


class LinkedBy(StrEnum):
    RULE = "rule"
    PERSON = "person"


class FlagKind(StrEnum):
    """What a person should look at."""

    IDENTITY = "identity"
    DIFFERENCE = "difference"
    GONE = "gone"
    DIRECTION = "direction"
    BOUNDS = "bounds"
    SCALE = "scale"
    FAR = "far"
    YEAR = "year"
    COUNT = "count"
    NAME = "name"
    CONFLICT = "conflict"
    DELTA = "delta"
    REPORT = "report"


FLAGS_OF_READINGS = (FlagKind.DIFFERENCE, FlagKind.GONE)
"""What is flagged on a claim or a cost that a person decided on: a later reading has it otherwise, or no longer."""

FLAGS_BY_RULE = (
    *(FlagKind.BOUNDS, FlagKind.SCALE, FlagKind.FAR, FlagKind.YEAR, FlagKind.COUNT, FlagKind.NAME),
    *(FlagKind.CONFLICT, FlagKind.DELTA),
)
"""What a rule of `claims.flags` says of a claim, whether or not anybody decided on it."""
FLAGS_ON_NUMBERS = (*FLAGS_OF_READINGS, *FLAGS_BY_RULE, FlagKind.REPORT)
"""All that is flagged on claims and costs, and settled when a person decides on them. What a reader reports is told to curators alone."""


class WebhookEvent(StrEnum):
    """What other sites are told of. Their values stand in what is sent."""

    RECORD_NEW = "record.new"
    CLAIM_ACCEPTED = "claim.accepted"
    LISTING_DONE = "listing.done"
    TEST = "test"


SUBSCRIBED_EVENTS = (WebhookEvent.RECORD_NEW, WebhookEvent.CLAIM_ACCEPTED, WebhookEvent.LISTING_DONE)
"""What a webhook may be for; a test is sent to any."""


class WebhookState(StrEnum):
    """Whether a webhook is told: its owner pauses it, and the site disables one that fails for days."""

    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
