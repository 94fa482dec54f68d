"""What entries looked like. Every member of the old models is there; its texts may not be null, so '' stands for what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.text import slugify
from rest_framework.request import Request

from claims import boards
from claims.api.compat.repositories import Repository, repositories_of
from claims.boards import Column
from claims.models import Area, Benchmark, Dataset, Paper, Task
from claims.services.exports import name_cost
from claims.terms import Direction

Entry = dict[str, Any]


def write_paper(paper: Paper, request: Request) -> Entry:
    """Return a paper. Where nothing but its page here is known of it, its abstract is there."""
    return {
        "id": paper.public_id,
        "arxiv_id": paper.arxiv_id or None,
        "nips_id": None,
        "url_abs": _address(paper) or request.build_absolute_uri(paper.get_absolute_url()),
        "url_pdf": f"https://arxiv.org/pdf/{paper.arxiv_id}" if paper.arxiv_id else "",
        "title": paper.title,
        "abstract": paper.shown_abstract,
        "authors": [],
        "published": paper.last_day,
        "conference": None,
        "conference_url_abs": None,
        "conference_url_pdf": None,
        "proceeding": None,
    }


def _address(paper: Paper) -> str:
    return f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else paper.url


def write_repository(repository: Repository) -> Entry:
    """Return a repository. What nobody has counted is 0 stars."""
    return {
        "url": repository.url,
        "owner": repository.owner,
        "name": repository.name,
        "description": "",
        "stars": 0,
        "framework": "none",
        "is_official": None,
    }


def write_papers_with_code(papers: Iterable[Paper], request: Request) -> list[Entry]:
    """Return papers, each with a repository if one is known. Whether it is the authors' own is not."""
    papers = list(papers)
    found = repositories_of(papers)
    return [
        {
            "paper": write_paper(paper, request),
            "repository": write_repository(found[paper.pk][0]) if found[paper.pk] else None,
            "is_official": False,
        }
        for paper in papers
    ]


def write_area(area: Area) -> Entry:
    return {"id": area.slug, "name": area.name}


def write_task(task: Task) -> Entry:
    return {"id": task.slug, "name": task.name, "description": ""}


def write_dataset(dataset: Dataset) -> Entry:
    return {"id": dataset.slug, "name": dataset.name, "full_name": dataset.name, "url": None}


def write_evaluation(benchmark: Benchmark) -> Entry:
    return {
        "id": benchmark.slug,
        "task": benchmark.task.slug,
        "dataset": benchmark.dataset.slug,
        "description": benchmark.dataset.description,
        "mirror_url": None,
    }


def write_metrics(columns: Sequence[Column]) -> list[Entry]:
    """Return the columns of a board: its metrics, and the costs under the names that evaluation tables have for them."""
    return [write_metric(column) for column in columns]


def write_metric(column: Column) -> Entry:
    return {
        "id": metric_id(column),
        "name": name_cost(boards.measure_of(column.key), boards.condition_of(column.key)) if column.is_cost else column.label,
        "description": _describe(column),
        "is_loss": column.direction is Direction.LOWER,
    }


def metric_id(column: Column) -> str:
    """Return a column's key as a word of an address; what a cost was measured on may be anything."""
    return slugify(column.key) if column.is_cost else column.key


def _describe(column: Column) -> str:
    told = [f"In {column.unit}." if column.unit else "", "A cost, and no score." if column.is_cost else ""]
    if column.direction is Direction.UNKNOWN:
        told.append("Whether more or less is better is not known.")
    return " ".join(filter(None, told))
