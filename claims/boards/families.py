"""Finds which models belong together by their names: "ConvNeXt-T" and "convnext_large" are ConvNeXts. No queries."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from claims.boards.rows import Family, Row

if TYPE_CHECKING:
    from claims.boards.table import Rows

LEAST_ROWS = 2
"""A model alone is no family."""

_SIZE_WORDS = "tiny|small|base|large|huge|giant|gigantic|enormous|mini|micro|nano|pico|femto|atto|zepto|medium|mid|middle|big|lite|plus|pro"
# "T", "B", "XL", "XXS", "xlarge"; a version ("v2") and a generation of one digit ("Llama-3.1") stay with the name.
_LETTERS = r"[a-z]|x{1,3}[sl]|ti|e[sml]"
# "50", "224", "m36", "B7", "so400m", "32x8d", "patch16", "22k", "16GF", "1.5x", "70B", "window12to24".
_AMOUNT = r"\d{2,}|\d+(?:\.\d+)?(?:x|[kmbtd]|gf|mf|px|m\d+)|[a-uw-z]{1,2}\d+[a-z]{0,2}|\d+x\d+[a-z]?|(?:patch|window|stage|depth)\d+\w*"
_SIZE = re.compile(rf"x{{0,2}}(?:{_SIZE_WORDS})|{_LETTERS}|{_AMOUNT}", re.IGNORECASE)
_PARTS = re.compile(r"[^\s_\-/:@+,()\[\]]+")
# "resnet50", "ResNet152d", "densenet121": a depth that is written onto the name; "eva02" and "YOLOv10" are versions.
_DEPTH = re.compile(r"(?P<name>[^\W\d_]*[a-uw-z])[1-9]\d{1,2}[a-z]{0,4}", re.IGNORECASE)


@lru_cache(maxsize=1 << 16)
def family_of(model: str) -> str:
    """Return a model's name without size, resolution and what else tells the members of its family apart.

    What comes first is never taken for a size: "tiny_vit_21m" is of the family "tiny_vit". '' for ''.
    """
    end = 0
    for number, part in enumerate(_PARTS.finditer(model)):
        if number and _SIZE.fullmatch(part[0]):
            break
        if (depth := _DEPTH.fullmatch(part[0])) and len(depth["name"]) >= 3:
            end = part.start() + len(depth["name"])
            break
        end = part.end()
    return model[:end] if end else model


@lru_cache(maxsize=1 << 16)
def family_key(model: str) -> str:
    """Return what is the same for all spellings of a family: "SwinV2-L" and "swin_v2_large" are of "swinv2"."""
    return re.sub(r"[\W_]", "", family_of(model)).casefold()


def has_families(rows: Rows) -> bool:
    """Say whether any two rows are of one family."""
    families = rows.table.standings.family[rows.places]
    families = families[families >= 0]
    return len(np.unique(families)) < len(families)


def group_families(rows: Iterable[Row]) -> list[Family]:
    """Return the families of at least two rows, the largest first, each by its most common spelling; rows keep their order.

    A row of which only the paper is known by name belongs to none.
    """
    members: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.named and (key := family_key(row.model)):
            members[key].append(row)
    families = [Family(_common_name(of_family), of_family) for of_family in members.values() if len(of_family) >= LEAST_ROWS]
    families.sort(key=lambda family: (-len(family.rows), family.name.casefold()))
    return families


def _common_name(rows: Iterable[Row]) -> str:
    counted = Counter(family_of(row.model) for row in rows)
    return min(counted, key=lambda name: (-counted[name], name))
