"""Why a number is neither a claim nor a cost: (reason, side, pattern). `before` and `after` read the lower-cased text around it."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.openings import Opened

YEAR = re.compile(r"^(?:19[5-9]\d|20[0-4]\d)$")

_THINGS = (
    r"(?:images?|pairs?|classes|categories|samples|examples|videos?|clips|sentences|documents|instances|annotations|labels?|questions?|queries|problems|utterances|"
    r"identities|nodes|edges|graphs|patients|subjects|participants|users|items|words|triples|objects|frames|scenes|points|speakers|recordings|patches|views|"
    r"molecules|proteins|trajectories|demonstrations|conversations|dialogues|prompts|species|passages|articles|pages|tables|issues|repositories|scans|volumes|slides|masks|boxes|instructions|hours of|entries|records|faces|photos|pictures|captions|concepts|entities)"
)
_COUNTED = (
    r"(?:datasets?|tasks?|benchmarks?|papers?|models?|layers?|domains?|languages?|methods?|settings?|baselines?|challenges?|games?|environments?|experts?|heads?|blocks?|stages?|"
    r"teams?|submissions?|architectures?|networks?|experiments?|types?|kinds?|levels?|groups?|dimensions?|dims?|channels?|neurons?|units?|iterations?|steps?|runs?|seeds?|trials?|folds?|"
    r"metrics?|countries|cities|years?|months?|weeks?|days?|times|ways?|shots?|gpus?|tpus?|cpus?|cores?|nodes?|devices?|machines?|modalities|attacks?|components?|modules?|parts|aspects|checkpoints?|"
    r"scenarios|cases|factors|properties|strategies|techniques|directions|corruptions?|annotators|people|humans|experts|fields|disciplines|real|different|popular|diverse|public|"
    r"representative|downstream|standard|widely|challenging|state-of-the-art|medical|visual|vision|natural|out of|of the|robots?|sensors?|cameras?|states?|actions?|qubits|bits?)"
)
AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("dataset_size", re.compile(rf"^[ -]?(?:[a-z/-]+ ){{0,3}}?{_THINGS}\b")),
    ("count", re.compile(rf"^[ -]?(?:[a-z][a-z0-9-]* ){{0,2}}?{_COUNTED}\b")),
    ("hyper_parameter", re.compile(r"^[ -]?(?:bits?|dimensional|dim|d|way|hop|fold|head|nearest)\b")),
)
# (reason, the most characters of a match, pattern on the text before the number)
BEFORE: tuple[tuple[str, int, re.Pattern[str]], ...] = (
    (
        "section",
        11,
        re.compile(
            r"(?:section|sec\.|figure|fig\.|table|tab\.|appendix|chapter|equation|eq\.|algorithm|theorem|step|stage|phase|part|type|level|version|protocol|task|track|question|layer|problem|lemma|v)\s?\(?$"
        ),
    ),
    ("part_of_name", 19, re.compile(r"\b(?:cuda|cudnn|pytorch|tensorflow|python|ubuntu|windows|android|matlab|java) (?:v|version )?$")),
    ("rank", 9, re.compile(r"(?:#|rank(?:s|ed|ing)?|no\.|number|top)[ -]?#?$")),
    (
        "hyper_parameter",
        40,
        re.compile(
            r"\b(?:(?:learning rates?|temperature|momentum|(?:weight )?decay|dropout|lambda|alpha|beta|gamma|epsilon|eps|sigma|radius|k|n|t|p|r|m|d|l|width|depth|stride|kernel size|patch size|window size|size|length|dimension|ratio|factor|threshold|rank|level|order|codebook size|vocabulary size|context length|infty)\s?(?:(?:is|are|was|were) )?(?:(?:set|fixed|equal) )?(?:of|=|:|<|>|≤|≥|is|to|at|up to|from|between)?\s?)$"
        ),
    ),
)
NO_REASON_BEHIND = frozenset(
    (
        *(
            "a",
            "about",
            "across",
            "all",
            "an",
            "and",
            "around",
            "by",
            "both",
            "for",
            "in",
            "into",
            "just",
            "least",
            "most",
            "nearly",
            "on",
            "only",
        ),
        *("or", "our", "over", "than", "that", "the", "their", "these", "under", "using", "while", "with", "within"),
    )
)
"""Words that often stand before a number, and end no match of `BEFORE`, whatever blanks and brackets follow."""
DIMENSION_AFTER = re.compile(r"^-?d\b")  # "3D"
POWER_BEHIND = re.compile(r"^ ?[·*] ?10 ?(?:\^|⁻)")  # "3·10^-2"
POWERS_OF = frozenset((2.0, 10.0))  # "10^5", "2^{n}"; a larger base may be a resolution, "224^2"
# "a margin of 0.2 is used", "10% is applied": chosen, not measured
CHOSEN_AFTER = re.compile(r"^ (?:is|are|was|were) (?:used|applied|chosen|set|fixed|adopted|assumed|kept)\b")
ORDINAL = re.compile(r"^(?:st|nd|rd|th)\b")
ENUMERATION = re.compile(r"(?:^|[\s,;:])\($")
CITATION_BEFORE = re.compile(r"\[[\d, ]*$")
CITATION_AFTER = re.compile(r"^[\d, ]*\]")
RESOLUTION_AFTER = re.compile(
    r"^\s{0,10}x\s{0,10}\d|^\s?(?:\^\s?2|²)|^\s?(?:px|pixels?|p(?!\.\s?p\b))\b|^ (?:image |input |pixel )?resolutions?\b"
)
RESOLUTION_BEFORE = re.compile(
    r"\d(?:x\s{0,10}|\s{1,10}x\s{0,10})$|(?:resolutions?|image sizes?|input sizes?|pixels?|crop sizes?)(?: of| as high as| up to| at| from)*\s?$"
)
RESOLUTION_WORDS = ("resolution", "size", "pixel")
"""One of these stands in every match of `RESOLUTION_BEFORE` that does not end in an "x"."""
# "Rank-1,5 accuracy"
LISTED_IN_NAME = re.compile(r"[a-z]-\d{1,2}[,/]$")
DEVICE_BEFORE = re.compile(
    r"\b(?:RTX|GTX|GeForce|Quadro|Titan|Pixel|iPhone|Snapdragon|Jetson|Exynos|Dimensity|Kirin|Raspberry Pi|Ryzen \d|Xeon) ?$"
)
# "at a 1% false positive rate": where another metric is read off, no result
OPERATING_BEFORE = re.compile(r"\bat (?:an? )?(?:fixed |low |high )?$")
OPERATING_POINT = frozenset(
    (
        "fpr",
        "far",
        "fmr",
        "false positive rate",
        "false positives",
        "false alarm rate",
        "false acceptance rate",
        "false match rate",
        "fnr",
        "frr",
    )
)
# "a 5-point gain", and no "5-point algorithm"
POINT_GAIN = re.compile(
    r"^ (?:[a-z-]+ ){0,2}(?:gains?|improvements?|increases?|drops?|leads?|margins?|boosts?|decreases?|reductions?|jumps?|rises?|advantages?|differences?|gaps?|declines?|lifts?|higher|lower|better|worse)\b"
)
# "points" that may be things: all but percentage points
BARE_POINTS = re.compile(r"^(?:[kmb]|\s?(?:thousand|million|billion))?\s{0,3}-?(?:pts?|points?)$")
MOST_POINTS = 100
# "IoU 0.50:0.95"
THRESHOLDS_AFTER = re.compile(r"^:[01]?\.\d")
THRESHOLDS_BEFORE = re.compile(r"\d:$")
AT = re.compile(r"(?:\bat |@ ?)$")
OPERATING_METRICS = frozenset(("Sensitivity", "Specificity"))
TIMES_SIZE_BEFORE = re.compile(r"\d\s{0,10}x\s{0,10}$")
FRACTION_AFTER = re.compile(r"^/255")
FRACTION_BEFORE = re.compile(r"\d/$")
INTERVAL_AFTER = re.compile(r"^ ?(?:confidence\b(?! (?:scores?|in)\b)|ci\b|credible|significance|quantile|percentile|coverage)")
SHARE_AFTER = re.compile(
    r"^ of (?:(?:the|all|its|our|their|these|those|any|total|available|original|full|human|[a-z-]+) ){0,3}(?!performance|accuracy|quality)[a-z-]+|^ (?:of|tokens|visible|labell?ed|unlabell?ed|masked|sparsity|sparse|noise|"
    r"subset|training|labels?|mask(?:ing|ed)?|data|samples|images|pixels?|patches|points? cloud|pruning|pruned|keep|drop(?:out)?|overlap|missing|random|annotations?|probability|masking|budget|test|visible)\b"
)
SHARED = re.compile(
    r"^ (?:of (?:the |all |its |our |their )?)?(?:(?:input|training|image|visible|masked|labell?ed|unlabell?ed|available|total|original) )?(?:tokens|visible|masked|sparsity|labels?|samples|images|pixels?|patches|parameters|annotations?|data)\b"
)
CODE_BEFORE = re.compile(r"https?://\S*$|www\.\S*$|github\.com\S*$|arxiv:?\S*$")

# what stands in brackets behind a result and says how sure it is: nothing in it is a result of its own
_INSIDE = r"[^()\[\]]{0,60}"
INTERVAL = Opened(
    re.compile(
        rf"[(\[](?:{_INSIDE}?\b(?:CI|C\.I\.|[Cc]onfidence (?:interval|level)s?|[Cc]redible interval)\b{_INSIDE}(?:\[[^\[\]]{{0,30}}\])?|(?:[pPnNFtdkK]|SD|SE|std|[pP]-value|kappa)\s?[=<>≤≥]\s?{_INSIDE}|[Aa]ll [pP]\s?[<≤]{_INSIDE}|±\s?[\d.]{{1,8}} ?%?)[)\]]"
    ),
    ("(", "["),
)
INTERVAL_SIGNS = ("=", "<", ">", "≤", "≥", "±", "CI", "C.I.", "onfidence ", "redible ")
"""One of these stands in every match of `INTERVAL`."""
# "7.70% (7.04–8.35)": a bare range right behind a number
INTERVAL_BEHIND = re.compile(r"[(\[](?:(?<=[\d%].)|(?<=[\d%] .))\d{1,4}\.\d{1,4} ?%?(?:-{1,3}|–|, ?)\d{1,4}\.\d{1,4} ?%?[)\]]")
