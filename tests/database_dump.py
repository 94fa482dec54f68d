"""Prints every row of the domain as a line of text, sorted, with names in the place of ids.

Two databases hold the same if this prints the same. Left out is what says when and by whom work was done, not what came of it:
times, leases, attempts, the random public ids, which part of a listing was first, and the versions that count how often a row was
changed on the way.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings.base")

import django

django.setup()

from django.apps import apps  # noqa: E402 - only after setup
from django.db import models  # noqa: E402 - only after setup

from claims import flags  # noqa: E402 - only after setup
from claims.terms import FlagKind  # noqa: E402 - only after setup

IDENTITY: dict[str, tuple[str, ...]] = {
    "paper": ("arxiv_id", "title_key"),
    "papertext": ("paper", "sha256"),
    "run": ("extractor_version", "vocabulary_hash"),
    "area": ("slug",),
    "task": ("slug",),
    "dataset": ("slug",),
    "metric": ("slug",),
    "mlmodel": ("slug",),
    "benchmark": ("slug",),
    "condition": ("kind", "key"),
    "import": ("sha256",),
    "sourcerecord": ("source", "number"),
    "result": ("benchmark", "paper", "source", "model_key", "variant_key", "setting_key", "role"),
    "claim": ("paper_text", "field", "start", "source_record", "column", "ordinal"),
    "cost": ("paper_text", "field", "start", "source_record", "column", "ordinal"),
    "listing": ("sha256",),
    "listingchunk": ("listing", "number"),
    "changeset": ("action", "reason", "undoes"),
    "reextraction": ("extractor_version", "since"),
    "reextractionchunk": ("reextraction", "number"),
}
NAMED = {"board": "Benchmark", "dataset": "Dataset", "model": "MLModel", "paper": "Paper"}
LEFT_OUT = {
    "id",
    "public_id",
    "version",
    "created",
    "closed",
    "changed",
    "hinted",
    "attempts",
    "failures",
    "lease_until",
    "lease_owner",
    "actor",
    "uploaded_by",
    # Which part read a text first.
    "found_claims",
    "found_costs",
    # When a number became a record here: whose came first.
    "known",
    # A board counts up to which version its numbers were looked at.
    "flagged_version",
}


@cache
def _rows(model: type[models.Model]) -> dict[Any, models.Model]:
    return {row.pk: row for row in model._default_manager.all()}


@cache
def name_of(model: type[models.Model], pk: Any) -> Any:
    """Return what a row is known by, without any id."""
    if pk is None:
        return None
    row = _rows(model)[pk]
    return tuple(value_of(row, model._meta.get_field(name)) for name in IDENTITY[model._meta.model_name or ""])


def value_of(row: models.Model, field: Any) -> Any:
    if isinstance(field, models.ForeignKey):
        target: Any = field.remote_field.model
        return name_of(target, getattr(row, field.attname))
    value = getattr(row, field.attname)
    # PostgreSQL does not keep the order of an object's keys.
    return json.dumps(value, sort_keys=True) if isinstance(field, models.JSONField) else value


def _name_key(kind: str, key: str, flagged: Any) -> Any:
    """Return what a flag's key names: of two papers the other one, of a number on a board the metric of its column; else the key."""
    if kind == FlagKind.IDENTITY:
        return name_of(apps.get_model("claims", "Paper"), int(key))
    if flagged._meta.model_name != "claim":
        return key
    stated = flagged.canonical_value is None
    low, high = (flagged.value, flagged.value_max) if stated else (flagged.canonical_value, flagged.canonical_max)
    metric = apps.get_model("claims", "Metric")
    return next((name_of(metric, pk) for pk in _rows(metric) if flags.key_of_number(FlagKind(kind), low, high, pk) == key), key)


def main() -> None:
    lines = []
    for model in apps.get_app_config("claims").get_models(include_auto_created=True):
        for row in _rows(model).values():
            values = {field.name: value_of(row, field) for field in model._meta.concrete_fields if field.name not in LEFT_OUT}
            if model._meta.model_name == "searchname":
                named: Any = apps.get_model("claims", NAMED[values["kind"]])
                values["object_id"] = name_of(named, values["object_id"])
            if model._meta.model_name == "flag":
                flagged: Any = apps.get_model("claims", values["object_kind"])
                values["key"] = _name_key(values["kind"], values["key"], _rows(flagged)[values["object_id"]])
                values["object_id"] = name_of(flagged, values["object_id"])
            lines.append(f"{model._meta.model_name} {sorted(values.items())!r}")
    sys.stdout.write("\n".join(sorted(lines)) + "\n")


if __name__ == "__main__":
    main()
