"""Metrics that no file lists, and where a metric stands from its number."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.openings import Run
from claims.extraction.rules.costs import QUAL

# words before "accuracy" that make it no other metric
NEUTRAL = frozenset(
    [
        "accuracy",
        "classification",
        "recognition",
        "test",
        "testing",
        "validation",
        "val",
        "overall",
        "average",
        "mean",
        "averaged",
        "eval",
        "evaluation",
        "top",
        "state-of-the-art",
        "sota",
        "better",
        "best",
        "higher",
        "high",
        "highest",
        "lower",
        "low",
        "lowest",
        "improved",
        "improves",
        "improve",
        "comparable",
        "competitive",
        "similar",
        "same",
        "final",
        "superior",
        "increased",
        "increase",
        "increases",
        "good",
        "greater",
        "the",
        "a",
        "an",
        "in",
        "on",
        "of",
        "for",
        "to",
        "with",
        "at",
        "by",
        "and",
        "or",
        "its",
        "their",
        "our",
        "this",
        "that",
        "is",
        "are",
        "was",
        "has",
        "have",
        "achieve",
        "achieves",
        "achieved",
        "achieving",
        "obtain",
        "obtains",
        "reach",
        "reaches",
        "reached",
        "attains",
        "attain",
        "obtaining",
        "boost",
        "boosts",
        "prediction",
        "predictive",
        "model",
        "models",
        "standard",
        "clean",
        "natural",
        "image",
        "our",
        "reported",
        "maintain",
        "maintaining",
        "maintains",
        "absolute",
        "relative",
        "only",
        "just",
        "new",
        "zero-shot",
        "few-shot",
        "linear",
        "downstream",
        "transfer",
        "full",
        "significantly",
        "substantially",
        "slightly",
        "much",
        "more",
        "less",
        "no",
        "without",
        "than",
        "outperform",
        "outperforms",
        "as",
        "imagenet",
        "cifar",
        "same",
        "reasonable",
        "strong",
        "excellent",
        "remarkable",
        "impressive",
        "promising",
        "outstanding",
        "significant",
        "original",
        "baseline",
        "per",
        "frame-level",
        "pixel-level",
        "patient-level",
        "while",
        "both",
        "also",
        "from",
        "reduce",
        "reduces",
        "reducing",
        "increasing",
        "improving",
        "loss",
        "trade-off",
        "task",
        "tasks",
        "datasets",
        "dataset",
        "benchmark",
        "network",
        "training",
        "generalization",
        "top-performing",
        "perfect",
        "near",
        "respectable",
        "current",
        "human",
        "lowest",
        "smallest",
        "largest",
        "respective",
        "corresponding",
        "k-nn",
        "knn",
        "probing",
        "finetuning",
        "fine-tuning",
        "preserving",
        "preserve",
        "sacrificing",
        "maximum",
        "median",
        "peak",
        "minimal",
        "under",
        "over",
        "between",
        "through",
        "where",
        "which",
        "whose",
        "these",
        "those",
        "classifier",
        "level",
        "domain",
        "target",
        "source",
        "single",
        "individual",
        "one",
        "two",
        "three",
        "four",
        "five",
        "state",
        "art",
        "known",
        "strongest",
        "vision",
        "visual",
    ]
)

# the only words that make another metric of "accuracy"; others ("unexpected accuracy drops") are read over
MEASURED = frozenset(
    [
        "detection",
        "segmentation",
        "execution",
        "tracking",
        "matching",
        "localization",
        "localisation",
        "pose",
        "reasoning",
        "answer",
        "retrieval",
        "transcription",
        "alignment",
        "linking",
        "parsing",
        "tagging",
        "registration",
        "rating",
        "grasp",
        "grounding",
        "verification",
        "identification",
        "translation",
        "pixel",
        "joint",
        "sentence",
        "word",
        "character",
        "token",
        "instruction",
        "tool",
        "step",
        "intent",
        "slot",
        "entity",
        "relation",
        "triplet",
        "pairwise",
        "ranking",
        "forecasting",
        "regression",
        "diagnostic",
        "counting",
        "search",
    ]
)
_HEADS = r"(?:accuracy|accuracies|errors?|error rates?|success rates?|success|rates?|scores?|precision|recall|distance|agreement)"
# an acronym may stand among the words: "invalid SQL rate"
_WORD = r"(?:[a-z][a-z'-]{2,20}|[A-Z]{2,6}(?:-[A-Z]{1,6})?)"
FREE_HEADS = (" accurac", " error", " rate", " score", " precision", " recall", " distance", " success", " agreement")
"""One of these begins the head of every match of `FREE_METRIC`."""
FREE_METRIC = Run(
    re.compile(rf"(?<![A-Za-z0-9-])(?P<words>{_WORD}(?: {_WORD}){{0,4}}) (?P<head>{_HEADS})(?![a-z-])"),
    FREE_HEADS,
    beginning=r"[A-Za-z](?<![A-Za-z0-9-].)",
    word=_WORD,
    most=4,
)
# words that no metric's name goes on before: articles, prepositions, verbs of stating
CUTS = re.compile(
    r"(?:a|an|the|of|in|on|at|by|for|to|from|with|and|or|its|their|our|his|this|that|these|those|than|as|while|which|where|per|via|over|under|within|between|across|after|before|both|"
    r"has|have|had|is|are|was|were|be|gave|gives?|giving|shows?|showing|report\w*|achiev\w+|attain\w*|reach\w*|obtain\w*|yield\w*|deliver\w*|rais\w+|improv\w+|increas\w+|reduc\w+|decreas\w+|lower\w*|boost\w*|"
    r"makes?|made|making|fewer|few|more|less|many|percent|perform\w*|produc\w+|record\w*|demonstrat\w+|get|gets|getting|maintain\w*|preserv\w+|retain\w*|surpass\w*|outperform\w*|exceed\w*|enhanc\w+|low|high|higher|lower|lowest|highest|average|averaged|overall|"
    r"impressive|remarkable|superior|competitive|state-of-the-art|near|around|about|only|just|up|also|further|substantial\w*|significant\w*|corresponding|respective|resulting|macro-averaged|micro-averaged|weighted|final|best|maximum|minimum|peak|combined|total|new|same|similar|comparable)"
)
# rates that are set and not measured: "learning rate", "frame rate"
NO_METRIC_BEFORE_RATE = frozenset(
    (
        "learning",
        "dropout",
        "sampling",
        "frame",
        "masking",
        "mask",
        "decay",
        "bit",
        "growth",
        "refresh",
        "mutation",
        "crossover",
        "clock",
        "keep",
        "pruning",
        "noise",
        "update",
        "heart",
        "servo",
        "control",
    )
)
# "humans score 97%": who scores, no score of theirs
SCORING = re.compile(r"(?:humans?|people|experts|models?|we|they|it|participants|students|llms|systems|methods|agents|teams|annotators)$")
# "37.0% CoER (...)", "QYI scores of 0.6": letters that stand where only a metric can
ACRONYM = r"[A-Z](?=[A-Za-z]*[A-Z])[A-Za-z]{1,7}(?:-[A-Z]{1,4})?(?:@\d{1,3})?"
ACRONYM_ON = re.compile(r" (?P<name>[A-Z]{2,5}) on (?=(?:the )?[A-Z])")  # "71.0 AO on FooBench"
ACRONYM_AFTER = re.compile(
    rf"\s?(?:in (?:the )?)?(?P<name>{ACRONYM})(?= ?[,.;()]| (?:and|on|in|for|at|with|while|under|using|over|score|scores)\b|$)"
)
# "Hits@3", where a file lists "Hits@10"
AT_K = re.compile(r"(?<![\w-])(?P<name>[A-Za-z]{1,9}@\d{1,4})(?![\w@])")
ACRONYM_SCORE = Run(
    re.compile(
        rf"(?<![A-Za-z0-9-])(?P<name>{ACRONYM})(?= (?:scores?|index|metric|values?)\b)(?! scores? (?:(?!of|for|on|in|from|at|to|by)[a-z]+ ){{0,3}}[~≤≥<>]?\d)"
    ),
    (" score", " index", " metric", " value"),
    beginning="[A-Z]",
    word="(?!)",
    most=0,
)
# "71% success over 69 attempts": a word that measures only right behind its number
BEHIND_PERCENT = {"success": "Success rate", "successful": "Success rate"}

_BESIDE = r"(?:scores?|values?|results?|performance|metric|rate|level)"
# the metric before its number: "top-1 accuracy of 83.74", "FID: 1.97", "accuracy on CIFAR-10 of 95%"
_BEHIND_METRIC = (
    # what may be missing brings its blanks along: one run of blanks has one reading
    rf"(?:\s?\([^()ND]{{1,24}}\))?(?:\s*{_BESIDE}\b)?(?:\s* (?:of|for) (?:(?!by\b|to\b|from\b|and\b|is\b|with\b)[a-z0-9\'-]+ ){{1,8}}(?=by|from|to|(?:on|in) (?:the )?D))?"
    rf"(?:\s*(?:of|under) (?:our |the |an? )?(?:[a-z-]+ )?[PV]+)?"
    rf"(?:\s*(?:on|for|in|over) (?:the |both )?(?:[a-z-]+ ){{0,2}}(?P<later>D+)(?:(?:, (?:and )?|,? and |/)(?:the |on )?D+){{0,8}}(?: (?!and\b|but\b|while\b|or\b)[a-z-]+){{0,2}}(?:\s?(?:of|with|for|on) (?:our |the |an? )?(?:[a-z-]+ )?[PV]+)?"
    rf"|\s*(?:of|with|for|on) (?:our |the |an? )?(?:[a-z-]+ )?[PV]+)?"
    rf"(?:\s*(?:of |is |\()?(?:r|ρ|rho|τ|tau|κ|kappa)(?= ?=))?"
    rf"\s*(?:(?:of between|between|(?:lies|lie|falls?|var(?:y|ies|ying)|ranges?|ranging|spans?)(?: in the range)? (?:from|between|of|in)|of|[:=]|is|are|was|were|at|to|from|by|reaches|reaching|up to|improves to|further to|increases to|(?:is |can be )?(?:further )?(?:improved|increased|boosted|reduced|raised|lowered|decreased|degraded) (?:from|to|by|of)|drops? (?:by|to|from))\s*)?"
    rf"{QUAL}*(?:\(\s*)?[+-]?$"
)
# "a return of 2000": no year
VALUE_OF = re.compile(rf"M(?: of|:| =| is| was| reaches| reaching) {QUAL}*$")
LEFT_ZONE = re.compile(
    rf"(?P<dataset>D+)?(?P<between>(?: (?!and\b|or\b|with\b|while\b)[a-z0-9-]+){{0,4}}? ?)(?P<metric>M+){_BEHIND_METRIC}"
)
# tried first, at metrics only: `LEFT_ZONE` can begin anywhere, and most metrics of a sentence are another number's
LEFT_METRIC = re.compile(rf"M(?!M){_BEHIND_METRIC}")
_STOP = r"(?!(?:and|or|while|with|over|on|for|from|than|compared|to|at|by|using|but|vs|against|under|when|which|that|outperforming|surpassing|versus|after|across|without)\b)"
# the metric after its number: "84.0% ImageNet top-1 accuracy", "1.2% better in top-1 accuracy"
RIGHT_ZONE = re.compile(rf"^\s*-?\)?\(?(?:{_STOP}[a-z0-9'-]+ |D+ |V+ |P+ ){{0,4}}?\(?(?P<metric>M+)")
# of "84.2% accuracy (86M parameters)" and "84.2% accuracy at 12 ms" the metric is the first number's: what costs is no metric's value
_A_COST = r"(?:C|(?:ms|secs?|seconds?|s|minutes?|min|hours?|h|days?|fps|hz|[kmgt]i?b|[gmt]?flops|m?joules?|m?j|m?w|watts?|gpu|tpu)\b)"
OWNED_BY_NEXT = re.compile(
    rf"^(?! over | \(N+ ?M)(?: ?\([^()N]{{0,20}}\))?\s*(?:{_BESIDE}\b\s*)?(?:(?:of|[:=]|at|is|from|to)\s*)?{QUAL}*\(?N++(?![ -]?{_A_COST})"
)
# "84.2% accuracy (86M parameters) on D": what stands behind the bracket is the score's
PRICE_OPENED = re.compile(rf"^ ?(?:M+ )?\((?:at |in |with )?{QUAL}*$")
PRICE_CLOSED = re.compile(rf"^[ -]?{_A_COST}[^()]{{0,80}}\)")
UNITS = re.compile(r"^\s*-?(?P<unit>db|mm|cm|m|hz|degrees?|°)\b", re.IGNORECASE)
