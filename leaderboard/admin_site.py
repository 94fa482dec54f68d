"""The admin's own pages: its name, and an index that is ordered by what people do there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, QueryDict
from django.template.response import TemplateResponse

from claims import boards
from claims.services import permissions

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Numbers": ("Claim", "Cost", "Result", "Benchmark", "Flag"),
    "Catalogue": ("Task", "Area", "Dataset", "DatasetSplit", "Metric", "MLModel", "Alias"),
    "Sources": ("Paper", "Listing", "Run", "Reextraction"),
    "History": ("ChangeSet",),
}
LATEST = 8


class CuratorsSite(admin.AdminSite):
    """The admin under the site's name."""

    site_title = site_header = "Claimboard admin"
    index_title = "Everything that the site holds"
    empty_value_display = "–"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists by sections; for the page of one app as they are."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        found = {model["object_name"]: model for app in apps if app["app_label"] == "claims" for model in app["models"]}
        ours = next((app for app in apps if app["app_label"] == "claims"), None)
        sections = [
            {**ours, "name": name, "models": models}
            for name, wanted in SECTIONS.items()
            if ours is not None and (models := [found.pop(model) for model in wanted if model in found])
        ]
        if ours is not None and found:
            sections.append({**ours, "name": "More", "models": list(found.values())})
        return sections + [app for app in apps if app["app_label"] != "claims"]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        latest = boards.read_log(QueryDict(), for_curator=permissions.may_curate(request.user), most=LATEST)
        return super().index(request, {**(extra_context or {}), "latest_acts": latest.acts})
