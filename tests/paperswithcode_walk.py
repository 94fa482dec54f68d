"""Walks a site with the client that Papers with Code had, and prints what it was told as JSON.

Run by the Python of an environment of its own, which `make test` makes: the client pins libraries that are older than ours.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from paperswithcode import PapersWithCodeClient
from paperswithcode.models import MetricCreateRequest, TaskCreateRequest
from tea_client.errors import HttpClientError


def walk(read: Callable[..., Any], *ids: str, size: int = 3, **filters: str) -> list[dict[str, Any]]:
    """Return all entries of a list, by its pages; what the pages say of each other must be true."""
    found: list[dict[str, Any]] = []
    number: int | None = 1
    while number is not None:
        page = read(*ids, page=number, items_per_page=size, **filters)
        assert page.previous_page == (number - 1 or None), page
        assert page.next_page is None or len(page.results) == size, page
        found += [json.loads(entry.json()) for entry in page.results]
        number = page.next_page
    assert page.count == len(found), (page.count, len(found))
    return found


def refused(ask: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return the status and the error's code of what must be refused."""
    try:
        ask(*arguments)
    except HttpClientError as error:
        return [error.status_code, error.data["error"]["code"]]
    raise AssertionError("it was let through")


def main(site: str) -> None:
    # A token of the old site is what old scripts send.
    client = PapersWithCodeClient(token="an old token", url=f"{site}/compat/paperswithcode")
    papers = walk(client.paper_list)
    evaluations = walk(client.evaluation_list)
    first, paper = evaluations[0]["id"], papers[0]["id"]
    results = {each["id"]: walk(client.evaluation_result_list, each["id"]) for each in evaluations}
    metrics = walk(client.evaluation_metric_list, first)
    told = {
        "papers": papers,
        "paper": json.loads(client.paper_get(paper).json()),
        "by title": walk(client.paper_list, title=papers[1]["title"]),
        "by arXiv id": walk(client.paper_list, arxiv_id=papers[0]["arxiv_id"]),
        "by words": walk(client.search, q="accuracy parameters"),
        "datasets": walk(client.dataset_list),
        "tasks": walk(client.task_list, q="classification"),
        "areas": walk(client.area_list),
        "evaluations": evaluations,
        "evaluation": json.loads(client.evaluation_get(first).json()),
        "of task": walk(client.task_evaluation_list, evaluations[0]["task"]),
        "of dataset": walk(client.dataset_evaluation_list, evaluations[0]["dataset"]),
        "task papers": walk(client.task_paper_list, evaluations[0]["task"]),
        "metrics": metrics,
        "metric": json.loads(client.evaluation_metric_get(first, metrics[-1]["id"]).json()),
        "results": results,
        "result": json.loads(client.evaluation_result_get(first, results[first][0]["id"]).json()),
        "paper results": walk(client.paper_result_list, paper),
        "paper datasets": walk(client.paper_dataset_list, paper),
        "paper tasks": walk(client.paper_task_list, paper),
        "paper methods": walk(client.paper_method_list, paper),
        "paper repositories": walk(client.paper_repository_list, paper),
        "repositories": walk(client.repository_list, owner="Lab"),
        "repository": json.loads(client.repository_get("lab", "nets").json()),
        "repositories of owner": [json.loads(each.json()) for each in client.repository_owner_list("lab").results],
        "repository papers": walk(client.repository_paper_list, "lab", "nets"),
        "none": [walk(ask) for ask in (client.author_list, client.conference_list, client.method_list)],
        "refused": [
            refused(client.paper_get, "nothing"),
            refused(client.author_get, "somebody"),
            refused(client.paper_list, None, None, None, None, 99),
            refused(client.task_add, TaskCreateRequest(name="A task")),
            refused(client.task_delete, evaluations[0]["task"]),
            refused(client.evaluation_metric_add, first, MetricCreateRequest(name="x", description="", is_loss=False)),
        ],
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
