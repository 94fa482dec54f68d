"""Guess what the header of a column with values says: a metric, or a cost with its measure and unit."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from claims.terms import CostMeasure

MAX_HEADER = 200
"""A longer header is cut: no metric is called so."""

# -- marks of the text that a table was made from

_ANY_MARK = re.compile(r"[<*_`\[&]")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_LINK = re.compile(r"!?\[([^\[\]]{0,500})\]\([^()\s]{0,500}\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])([*_])(?=[^\s*_])([^*\n]{1,500}?)(?<=[^\s*_])\1(?![\w*])")
_CODE = re.compile(r"`{1,3}([^`]{1,500})`{1,3}")


def strip_marks(text: str) -> str:
    """Return a text without the marks of Markdown and HTML around its words, with single blanks: "**F1**" is "F1"."""
    if _ANY_MARK.search(text):
        text = _TAG.sub("", text)
        text = _LINK.sub(r"\1", text)
        text = _CODE.sub(r"\1", text)
        text = _STRONG.sub(r"\2", text)
        text = _EMPHASIS.sub(r"\2", text)
        text = html.unescape(text)
    return " ".join(text.split())


# -- numbers

_PLAIN_NUMBER = re.compile(r"[^0-9A-Za-z.-]{0,8}(\d{1,15}(?:\.\d{1,15})?)(?![\d.,]*[%A-Za-z])")


def find_largest(values: Iterable[object]) -> float | None:
    """Return the largest number that values of one column begin with, as far as can be told at a glance; None without any.

    Only what a table's column looks like: the values themselves are read elsewhere. "185M", "76.5%" and words are passed over.
    """
    largest: float | None = None
    for value in values:
        if isinstance(value, str):
            found = _PLAIN_NUMBER.match(value[:60].replace(",", ""))
            number = float(found[1]) if found else None
        else:
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 else None
        if number is not None and (largest is None or number > largest):
            largest = number
    return largest


# -- units

# What stands in parentheses behind a name, or before a unit: what one of it counts
_COUNTS = {
    "k": "K", "thousand": "K", "thousands": "K", "m": "M", "mil": "M", "million": "M", "millions": "M", "mio": "M",
    "b": "G", "g": "G", "bn": "G", "billion": "G", "billions": "G", "giga": "G", "t": "T", "trillion": "T", "p": "P", "×10^6": "M", "10^6": "M",
    "x10^6": "M", "1e6": "M", "×10^9": "G", "10^9": "G", "x10^9": "G", "1e9": "G",
}  # fmt: skip
_TIMES = {
    "ms": "ms", "msec": "ms", "msecs": "ms", "milliseconds": "ms", "millisecond": "ms", "us": "us", "µs": "us", "μs": "us", "ns": "ns",
    "s": "s", "sec": "s", "secs": "s", "seconds": "s", "second": "s", "min": "min", "mins": "min", "minutes": "min",
    "h": "h", "hr": "h", "hrs": "h", "hours": "h", "hour": "h", "d": "days", "days": "days", "day": "days",
}  # fmt: skip
_BYTES = {
    "kb": "KB",
    "mb": "MB",
    "gb": "GB",
    "tb": "TB",
    "kib": "KiB",
    "mib": "MiB",
    "gib": "GiB",
    "mbyte": "MB",
    "gbyte": "GB",
    "bytes": "B",
    "b": "B",
}
_RATES = re.compile(
    r"(?:fps|frames? ?(?:/|per) ?s(?:ec(?:ond)?)?|(?:ims?|imgs?|images?|samples?|it|items?|frames?) ?(?:/|per) ?s(?:ec(?:ond)?)?|1/s|hz|qps)"
)
_ENERGIES = {"j": "J", "mj": "mJ", "kj": "kJ", "wh": "Wh", "kwh": "kWh"}

_UNIT = re.compile(r"\s*[(\[]\s*([^()\[\]]{1,24}?)\s*[)\]]$")
_PER_CENT = re.compile(r"^%\s+|\s*[(\[]\s*(?:%|in %|per ?cent)\s*[)\]]$|,?\s+(?:in )?%$", re.IGNORECASE)

# -- measures: the whole name, in lower case, with blanks between its words

_NUMBER = r"(?:#|№|n|no\.?|num\.?|nb\.?|number|count)? ?(?:of )?"
_MEASURES: tuple[tuple[re.Pattern[str], CostMeasure, dict[str, str]], ...] = (
    (re.compile(rf"{_NUMBER}(?:the )?(?:trainable |model |total |network )?param(?:eter)?s?\.?(?: count| number| size)?"), CostMeasure.PARAMETERS, _COUNTS),
    (re.compile(rf"{_NUMBER}(?:inference |infer |test )?flops?(?: count)?"), CostMeasure.FLOPS, _COUNTS),
    (re.compile(rf"{_NUMBER}(?:infer |inference )?(?:macs?|madds?|mult adds?|mult ?adds|multiply adds?|multi adds?)(?: count)?"), CostMeasure.MACS, _COUNTS),
    (re.compile(r"(?:inference |infer |mean |average |avg |gpu |cpu |test )*latency"), CostMeasure.LATENCY, _TIMES),
    (re.compile(r"(?:inference |run ?|test |testing |prediction |processing )time|run ?time|time"), CostMeasure.INFERENCE_TIME, _TIMES),
    (re.compile(r"train(?:ing)? time"), CostMeasure.TRAINING_TIME, _TIMES),
    (re.compile(r"(?:architecture )?search time"), CostMeasure.SEARCH_TIME, _TIMES),
    (re.compile(r"gpu hours"), CostMeasure.GPU_HOURS, {}),
    (re.compile(r"gpu days"), CostMeasure.GPU_DAYS, {}),
    (re.compile(r"tpu hours"), CostMeasure.TPU_HOURS, {}),
    (re.compile(r"(?:model|checkpoint|weights?|file) size"), CostMeasure.MODEL_SIZE, _BYTES),
    (re.compile(r"(?:peak |gpu |max |maximum |training |inference )*(?:memory|vram|ram)(?: usage| use| footprint| consumption)?"), CostMeasure.MEMORY, _BYTES),
    (re.compile(r"energy(?: consumption| use)?"), CostMeasure.ENERGY, _ENERGIES),
    (re.compile(rf"{_NUMBER}(?:training )?epochs?"), CostMeasure.EPOCHS, _COUNTS),
    (re.compile(r"nfes?|number of function evaluations"), CostMeasure.NFE, {}),
    (re.compile(r"(?:training )?batch size"), CostMeasure.BATCH_SIZE, {}),
)  # fmt: skip
_RATE_NAMES = re.compile(r"(?:inference |infer |mean |average |avg |gpu |cpu )*(?:throughput|speed|frame ?rate|frame|fps)")
_SURE_RATES = re.compile(r"(?:inference |infer |mean |average |avg |gpu |cpu )*(?:throughput|frame ?rate|fps)")
# "GFLOPs", "GMACs", "MParams": a letter before the unit's name
_SCALED = re.compile(r"((?:.* )?)([kmgtp])(flops?|macs?|madds?|params?)\b(.*)")
_BARE_UNITS = frozenset({"time", "runtime", "run time", "speed", "frame"})
"""Too plain to be a cost without a unit."""

# -- splits

# The test split is what a board compares: "Test Accuracy" is the accuracy. Other splits are metrics of their own.
_TEST = re.compile(r"(?:test(?:ing)?(?:[ -]?set)?|test-std)[ :_-]+(?=\w)(?!(?:dev|std|time|b|a)\b)", re.IGNORECASE)
_TEST_BEHIND = re.compile(r"\s*(?:[(\[]\s*(?:on )?test(?:[ -]set)?\s*[)\]])$", re.IGNORECASE)


def read_header(text: str) -> tuple[str, CostMeasure | None, str]:
    """Return (metric's name, None, unit) or ('', a cost's measure, unit) of a column's header; all '' for a blank one.

    The unit is "%", or what one of the column's values counts: "K", "M", "G", "T" (also "billions" and "(B)" are "G"), "ms", "s", "min",
    "h", "days", "1/s", "MB", "GB" and the like, '' where the header says none. "Test Accuracy" is "Accuracy"; a metric of another split
    keeps it in its name ("Validation Accuracy").
    """
    plain = strip_marks(text[:MAX_HEADER])
    if not plain:
        return "", None, ""
    cost = _read_cost(plain)
    if cost is not None:
        return "", *cost
    metric = _PER_CENT.sub("", plain)
    unit = "%" if metric != plain else ""
    metric = metric or plain
    of_test = _TEST_BEHIND.sub("", _TEST.sub("", metric, count=1) if _TEST.match(metric) else metric)
    if of_test and of_test != metric:
        metric = of_test[0].upper() + of_test[1:] if of_test.partition(" ")[0].islower() else of_test
    return metric, None, unit


def _read_cost(plain: str) -> tuple[CostMeasure, str] | None:
    given = ""
    name = plain.lower()
    if match := _UNIT.search(name):
        given, name = match[1], name[: match.start()]
    name = " ".join(re.sub(r"[\s_:-]+", " ", name).split())
    if _RATES.fullmatch(name.replace(" per ", "/")) or _RATES.fullmatch(name) or (_RATES.fullmatch(given) and _RATE_NAMES.fullmatch(name)):
        return CostMeasure.THROUGHPUT, "1/s"
    if name.startswith("infer samples per sec") or _SURE_RATES.fullmatch(name):
        return CostMeasure.THROUGHPUT, "1/s" if "sec" in name else ""
    scale = ""
    if match := _SCALED.fullmatch(name):
        scale, name = _COUNTS[match[2]], f"{match[1]}{match[3]}{match[4]}"
    for pattern, measure, units in _MEASURES:
        if pattern.fullmatch(name):
            if given.rstrip("s") in ("gpu day", "gpu hour"):
                return (CostMeasure.GPU_DAYS if "day" in given else CostMeasure.GPU_HOURS), ""
            if given in ("gpu d", "gpu h"):
                return (CostMeasure.GPU_DAYS if given.endswith("d") else CostMeasure.GPU_HOURS), ""
            # A unit that nobody knows is kept: whoever reads the values refuses them, rather than take them for seconds or counts.
            unit = scale or units.get(given, "") or _read_scaled(given, units) or ("" if given.isdigit() else given)
            if not unit and name in _BARE_UNITS:
                return None
            return measure, unit
    return None


def _read_scaled(given: str, units: dict[str, str]) -> str:
    """Return the unit of "gflops", "m params" or "in ms" in parentheses, '' if it says none."""
    words = given.removeprefix("in ").strip()
    if words in units:
        return units[words]
    if units is _COUNTS and (match := re.fullmatch(r"([kmgtb]) ?(?:flops?|macs?|madds?|params?)", words)):
        return _COUNTS[match[1]]
    return ""
