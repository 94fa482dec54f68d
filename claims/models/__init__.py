"""Fields and constraints. Workflow lives in the services."""

from claims.models.catalog import (
    Alias,
    Area,
    CatalogueState,
    Dataset,
    DatasetSplit,
    DefaultPrimary,
    DefaultTask,
    Metric,
    MLModel,
    OldSlug,
    Task,
)
from claims.models.claims import Claim, Cost, Statement
from claims.models.decisions import ChangeSet, Decision, Flag
from claims.models.imports import ColumnMapping, Import, SourceRecord
from claims.models.invitations import Invitation
from claims.models.listings import Listing, ListingChunk, ListingEntry, ListingIssue
from claims.models.merges import MergedRows
from claims.models.papers import Paper, PaperText
from claims.models.records import Record
from claims.models.reports import Report
from claims.models.results import Benchmark, BenchmarkMetric, BoardStandings, Condition, CostLink, Result, ResultCondition, ResultValue
from claims.models.review import Contender, ReviewLease
from claims.models.runs import Reextraction, ReextractionChunk, Run, RunText
from claims.models.search import SearchName, SearchWord
from claims.models.second_reader import SecondReaderAnswer, SecondReaderDay
from claims.models.tokens import ApiToken, IdempotencyKey
from claims.models.webhooks import Delivery, Webhook

__all__ = [
    "Alias",
    "ApiToken",
    "Area",
    "Benchmark",
    "BenchmarkMetric",
    "BoardStandings",
    "CatalogueState",
    "ChangeSet",
    "Claim",
    "ColumnMapping",
    "Condition",
    "Contender",
    "Cost",
    "CostLink",
    "Dataset",
    "DatasetSplit",
    "Decision",
    "DefaultPrimary",
    "DefaultTask",
    "Delivery",
    "Flag",
    "IdempotencyKey",
    "Import",
    "Invitation",
    "Listing",
    "ListingChunk",
    "ListingEntry",
    "ListingIssue",
    "MLModel",
    "MergedRows",
    "Metric",
    "OldSlug",
    "Paper",
    "PaperText",
    "Record",
    "Reextraction",
    "ReextractionChunk",
    "Report",
    "Result",
    "ResultCondition",
    "ResultValue",
    "ReviewLease",
    "Run",
    "RunText",
    "SearchName",
    "SearchWord",
    "SecondReaderAnswer",
    "SecondReaderDay",
    "SourceRecord",
    "Statement",
    "Task",
    "Webhook",
]
