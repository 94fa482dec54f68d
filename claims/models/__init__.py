"""Fields and constraints. Workflow lives in the services."""

from claims.models.catalog import Alias, Area, Dataset, DatasetSplit, DefaultPrimary, DefaultTask, Metric, MLModel, OldSlug, Task
from claims.models.claims import Claim, Cost, Statement
from claims.models.decisions import ChangeSet, Decision, Flag
from claims.models.imports import Import, SourceRecord
from claims.models.listings import Listing, ListingChunk, ListingEntry, ListingIssue
from claims.models.papers import Paper, PaperText
from claims.models.results import Benchmark, BenchmarkMetric, Condition, CostLink, Result, ResultCondition, ResultValue
from claims.models.runs import Run, RunText
from claims.models.search import SearchName, SearchWord

__all__ = [
    "Alias",
    "Area",
    "Benchmark",
    "BenchmarkMetric",
    "ChangeSet",
    "Claim",
    "Condition",
    "Cost",
    "CostLink",
    "Dataset",
    "DatasetSplit",
    "Decision",
    "DefaultPrimary",
    "DefaultTask",
    "Flag",
    "Import",
    "Listing",
    "ListingChunk",
    "ListingEntry",
    "ListingIssue",
    "MLModel",
    "Metric",
    "OldSlug",
    "Paper",
    "PaperText",
    "Result",
    "ResultCondition",
    "ResultValue",
    "Run",
    "RunText",
    "SearchName",
    "SearchWord",
    "SourceRecord",
    "Statement",
    "Task",
]
