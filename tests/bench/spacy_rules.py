"""spaCy's rule pipeline for the first half of what the engine does: to find what stands in the text, before anything is linked.

One blank English pipeline with a sentencizer and one entity ruler. Its patterns are of the classes that the engine finds: names of
tasks, datasets and metrics (from the same vocabulary), models by the shape of their names, numbers with units, ranges and
spreads, cost nouns, differences, ratios, whose a number is, settings, and numbers that are no results. What it finds it does not tie
together: which model, dataset and metric a number belongs to, the other half, is left out, so the comparison is in spaCy's favour.
What is always worded alike is a phrase, which spaCy matches many times faster than a pattern of tokens; patterns are left for the rest.

Beside it stands a ruler of phrases alone (`phrases`), with the same names as the engine: every spelling that the engine looks for, the words
that say where its patterns are tried, and each name that it recognises by its shape in the very texts, so that both find the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claims.extraction.vocabulary import Vocabulary

Token = dict[str, Any]


def word(*lower: str, op: str = "1") -> Token:
    return {"LOWER": {"IN": list(lower)}, "OP": op}


NUMBER: Token = {"LIKE_NUM": True}
PERCENT = word("%", "percent", "pp", "percentage")
ANY: Token = {"IS_PUNCT": False, "LIKE_NUM": False, "OP": "{0,3}"}
ABOUT = word(
    "about",
    "around",
    "approximately",
    "roughly",
    "nearly",
    "almost",
    "only",
    "just",
    "over",
    "up",
    "to",
    "than",
    "~",
    "a",
    "of",
    op="{0,2}",
)
THE = word("a", "an", "the", "our", "its", "their", op="?")

_UNITS: dict[str, tuple[str, ...]] = {
    "PARAMETERS": ("params", "parameters", "m", "b", "million", "billion", "k"),
    "FLOPS": ("flops", "gflops", "mflops", "tflops", "macs", "gmacs", "mmacs", "g"),
    "LATENCY": ("ms", "milliseconds", "millisecond", "us", "microseconds"),
    "THROUGHPUT": ("fps", "hz", "images/s", "img/s", "frames", "samples/s", "tokens/s", "qps"),
    "TIME": ("s", "sec", "seconds", "second", "minutes", "minute", "hours", "hour", "days", "day"),
    "MEMORY": ("gb", "mb", "kb", "tb", "gib", "mib", "kib", "bytes"),
    "ENERGY": ("mj", "j", "joules", "kwh", "w", "mw", "watts"),
    "TRAINING": ("epochs", "epoch", "steps", "iterations", "tokens"),
}
_COST_NOUNS = (
    ("batch", "size"), ("model", "size"), ("compression", "ratio"), ("training", "cost"), ("training", "compute"), ("training", "time"),
    ("wall", "-", "clock", "time"), ("search", "cost"), ("search", "time"), ("inference", "cost"), ("gpu", "hours"), ("gpu", "days"),
    ("tpu", "hours"), ("inference", "time"), ("inference", "speed"), ("sampling", "time"), ("running", "time"), ("runtime",), ("latency",),
    ("response", "time"), ("throughput",), ("frame", "rate"), ("training", "data"), ("labeled", "data"), ("trainable", "parameters"),
    ("learnable", "parameters"), ("parameters",), ("params",), ("multiply", "-", "adds"), ("macs",), ("flops",), ("gflops",),
    ("floating", "point", "operations"), ("computational", "cost"), ("computational", "complexity"), ("compute",), ("nfe",),
    ("function", "evaluations"), ("sampling", "steps"), ("inference", "steps"), ("epochs",), ("iterations",), ("tokens",), ("memory",),
    ("memory", "usage"), ("memory", "footprint"), ("gpu", "memory"), ("kv", "cache"), ("storage",), ("disk", "space"), ("energy",),
    ("energy", "consumption"), ("power", "consumption"), ("carbon", "footprint"),
)  # fmt: skip
_GAINS = (
    "gain",
    "gains",
    "improvement",
    "improvements",
    "increase",
    "boost",
    "drop",
    "reduction",
    "margin",
    "decrease",
    "gap",
    "difference",
    "degradation",
)
_MOVES = ("improves", "improve", "improved", "improving", "increases", "increased", "increasing", "boosts", "boosting", "raises", "raising", "drops", "falls",
          "reduces", "reducing", "reduced", "outperforms", "outperforming", "outperform", "surpasses", "surpassing", "exceeds", "exceeding", "decreases")  # fmt: skip
_GETS = (
    "achieves",
    "achieve",
    "achieved",
    "achieving",
    "reaches",
    "reaching",
    "reach",
    "attains",
    "attaining",
    "obtains",
    "obtain",
    "obtaining",
    "yields",
    "scores",
    "scoring",
    "gets",
)
_OTHERS = ("baseline", "baselines", "previous", "prior", "existing", "state", "sota", "vanilla", "teacher", "human", "humans", "chance")
_THINGS = ("images", "image", "pairs", "classes", "categories", "samples", "examples", "videos", "clips", "sentences", "documents", "annotations", "questions",
           "tasks", "datasets", "benchmarks", "models", "layers", "languages", "patients", "participants", "users", "domains", "methods", "years", "gpus")  # fmt: skip

_PATTERNS: tuple[tuple[str, list[Token]], ...] = (
    ("SCORE", [NUMBER, PERCENT]),
    ("SCORE", [NUMBER, word("points", "point", "dB", "db")]),
    ("RANGE", [NUMBER, word("-", "–", "~", "to", "/"), NUMBER, {**PERCENT, "OP": "?"}]),
    ("RANGE", [word("from"), NUMBER, {**PERCENT, "OP": "?"}, word("to"), NUMBER, {**PERCENT, "OP": "?"}]),
    ("SPREAD", [NUMBER, word("±", "+/-", "+-"), NUMBER]),
    ("RATIO", [NUMBER, word("x", "×", "times", "fold")]),
    *((measure, [NUMBER, word("-", op="?"), word(*units)]) for measure, units in _UNITS.items()),
    ("GPU_TIME", [NUMBER, word("v100", "a100", "h100", "gpu", "tpu"), word("-", op="?"), word("hours", "days", "hour", "day")]),
    ("COST", [word(*_COST_NOUNS[0][:1], "parameters", "flops", "latency", "memory", "throughput"), word("of", "is", "to"), ABOUT, NUMBER]),
    ("DELTA", [word("by"), ABOUT, NUMBER, {**PERCENT, "OP": "?"}]),
    ("DELTA", [word(*_GAINS), word("of", "by", "from"), ABOUT, NUMBER]),
    ("DELTA", [word(*_MOVES), ANY, word("by", "from"), ABOUT, NUMBER]),
    ("DELTA", [NUMBER, {**PERCENT, "OP": "?"}, word("points", "absolute", "relative", op="?"), word("higher", "lower", "better", "worse", "more", "less", *_GAINS)]),
    ("DELTA", [word("within"), ABOUT, NUMBER]),
    ("RESULT", [word(*_GETS), THE, ANY, word("of", op="?"), ABOUT, NUMBER]),
    ("BASELINE", [word("than", "versus", "vs", "over", "against"), THE, ANY, word("of", "at", "("), NUMBER]),
    ("BASELINE", [word("compared"), word("to", "with"), THE, ANY, NUMBER]),
    ("BASELINE", [word(*_OTHERS), ANY, word(*_GETS, "of", "at"), ABOUT, NUMBER]),
    ("SETTING", [word("zero", "one", "few", "single"), word("-", op="?"), word("shot", "step")]),
    ("SETTING", [NUMBER, word("-", op="?"), word("shot", "shots", "bit", "bits", "step", "crop", "way")]),
    ("SETTING", [NUMBER, word("%"), word("of", op="?"), word("the", "all", "labeled", "training", op="*"), word("labels", "label", "annotations", "data", "samples")]),
    ("SETTING", [NUMBER, word("x", "×"), NUMBER]),
    ("SETTING", [word("resolution", "size"), word("of", op="?"), NUMBER]),
    ("SETTING", [word("pre"), word("-"), word("trained", "training"), word("on", "with", op="?"), {"IS_TITLE": True, "OP": "?"}]),
    ("SETTING", [word("from"), word("scratch")]),
    ("SETTING", [word("linear"), word("probe", "probing", "evaluation", "classification")]),
    ("SETTING", [word("fine"), word("-"), word("tuned", "tuning", "tune")]),
    ("SETTING", [word("extra", "additional", "external"), word("training", op="?"), word("data", "images", "samples")]),
    ("SETTING", [word("semi", "self"), word("-"), word("supervised")]),
    ("SETTING", [word("ensemble", "ensembles", "ensembling")]),
    ("SETTING", [word("top"), word("-"), NUMBER]),
    ("NO_RESULT", [NUMBER, ANY, word(*_THINGS)]),
    ("NO_RESULT", [NUMBER, word("-", op="?"), word("dimensional", "d", "layer", "head", "fold")]),
    ("NO_RESULT", [word("section", "figure", "table", "equation", "algorithm", "rank"), NUMBER]),
    ("NO_RESULT", [{"TEXT": {"REGEX": r"^(?:19[5-9]|20[0-4])\d$"}}]),
    ("NO_RESULT", [word("rate", "temperature", "momentum", "dropout", "width", "depth", "stride", "dimension", "threshold"), word("of", "=", "is", op="?"), NUMBER]),
    ("MODEL", [{"TEXT": {"REGEX": r"^[A-Z][A-Za-z]*(?:[A-Z]|Net|former|BERT|GPT|LM)[A-Za-z0-9]*$"}}, word("-", op="?"), {"TEXT": {"REGEX": r"^(?:[TSBLHG]|Tiny|Small|Base|Large|Huge|XL|\d+[BM]?)$"}, "OP": "?"}]),
)  # fmt: skip


_OF_OWNERS = frozenset({"DELTA", "RESULT", "BASELINE", "SETTING", "NO_RESULT", "MODEL"})
"""What says whose a number is, on which terms, and whether it is a result at all."""


def phrases(vocabulary: Vocabulary, papers: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return a phrase for all that the engine looks for by its letters, and for every name that it recognises in these titles and abstracts."""
    from claims.extraction.spotting import cues

    words = dict.fromkeys([*vocabulary.spellings, *cues(), *recognised(vocabulary, papers)])
    return [{"label": "NAME", "pattern": name} for name in words if any(map(str.isalnum, name))]


def recognised(vocabulary: Vocabulary, papers: Iterable[tuple[str, str]]) -> list[str]:
    """Return all names that the engine recognises in the texts, in lower case and in order."""
    from claims.extraction.paper import Paper
    from claims.extraction.pipeline import cut_texts

    found: set[str] = set()
    for title, abstract in papers:
        paper = Paper(*cut_texts(title, abstract), vocabulary)
        for text_field in paper.pages:
            scene = paper.scene(text_field)
            found.update(scene.lower[name.start : name.end].strip() for names in scene.mentions.values() for name in names)
    return sorted(found)


def numbers(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return the patterns for names, and for numbers with their units alone: what a table's cell would say."""
    plain = [{"label": label, "pattern": tokens} for label, tokens in _PATTERNS if label not in _OF_OWNERS]
    return names(vocabulary) + plain


def patterns(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return the ruler's patterns: phrases for the names of `vocabulary` and for cost nouns, patterns of tokens for the rest."""
    nouns = [{"label": "COST", "pattern": " ".join(noun).replace(" - ", "-")} for noun in _COST_NOUNS]
    return names(vocabulary) + nouns + [{"label": label, "pattern": tokens} for label, tokens in _PATTERNS]


def names(vocabulary: Vocabulary) -> list[dict[str, Any]]:
    """Return a phrase for every name and alias of `vocabulary`."""
    kinds = (("TASK", vocabulary.tasks), ("DATASET", vocabulary.datasets), ("METRIC", vocabulary.metrics))
    return [
        {"label": label, "pattern": name}
        for label, entries in kinds
        for entry in entries
        for name in dict.fromkeys((entry.name, *entry.aliases, *entry.exact_aliases))
    ]
