"""Why a number is neither a claim nor a cost: (reason, side, pattern). `before` and `after` read the lower-cased text around it."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

YEAR = re.compile(r"^(?:19[5-9]\d|20[0-4]\d)$")
YEAR_BEFORE = re.compile(
    r"(?:\b(?:in|since|by|from|of|year|until|before|after|during|al\.?,?|[a-z]+,|and|[a-z]{3,} ?'?|&|;|\(|,)\s*)$|^$|[a-z)] $"
)

_THINGS = (
    r"(?:images?|pairs?|classes|categories|samples|examples|videos?|clips|sentences|documents|instances|annotations|labels?|questions?|queries|problems|utterances|"
    r"identities|nodes|edges|graphs|patients|subjects|participants|users|items|words|triples|objects|frames|scenes|points|speakers|recordings|patches|views|"
    r"molecules|proteins|trajectories|demonstrations|conversations|dialogues|prompts|species|passages|articles|pages|tables|issues|repositories|scans|volumes|slides|masks|boxes|instructions|hours of|entries|records|faces|photos|pictures|captions|concepts|entities)"
)
_COUNTED = (
    r"(?:datasets?|tasks?|benchmarks?|papers?|models?|layers?|domains?|languages?|methods?|settings?|baselines?|challenges?|games?|environments?|experts?|heads?|blocks?|stages?|"
    r"teams?|submissions?|architectures?|networks?|experiments?|types?|kinds?|levels?|groups?|dimensions?|dims?|channels?|neurons?|units?|iterations?|steps?|runs?|seeds?|trials?|folds?|"
    r"metrics?|countries|cities|years?|months?|weeks?|days?|times|ways?|shots?|gpus?|tpus?|cpus?|cores?|nodes?|devices?|machines?|modalities|attacks?|components?|modules?|parts|aspects|"
    r"scenarios|cases|factors|properties|strategies|techniques|directions|corruptions?|annotators|people|humans|experts|fields|disciplines|real|different|popular|diverse|public|"
    r"representative|downstream|standard|widely|challenging|state-of-the-art|medical|visual|vision|natural|out of|of the|robots?|sensors?|cameras?|states?|actions?|qubits|bits?)"
)
AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("dataset_size", re.compile(rf"^[ -]?(?:[a-z/-]+ ){{0,3}}?{_THINGS}\b")),
    ("count", re.compile(rf"^[ -]?(?:[a-z-]+ ){{0,2}}?{_COUNTED}\b")),
    ("hyper_parameter", re.compile(r"^[ -]?(?:bits?|dimensional|dim|d|way|hop|fold|head|nearest)\b")),
)
BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "section",
        re.compile(
            r"(?:section|sec\.|figure|fig\.|table|tab\.|appendix|chapter|equation|eq\.|algorithm|theorem|step|stage|phase|part|type|level|version|protocol|task|track|question|layer|problem|lemma|v)\s?\(?$"
        ),
    ),
    ("rank", re.compile(r"(?:#|rank(?:s|ed|ing)?|no\.|number|top)[ -]?#?$")),
    (
        "hyper_parameter",
        re.compile(
            r"\b(?:(?:learning rate|temperature|momentum|weight decay|dropout|lambda|alpha|beta|gamma|epsilon|eps|sigma|radius|k|n|t|p|r|m|d|l|width|depth|stride|kernel size|patch size|window size|size|length|dimension|ratio|factor|threshold|rank|level|order|codebook size|vocabulary size|context length|infty)\s?(?:of|=|:|<|>|≤|≥|is|to|at|up to)?\s?)$"
        ),
    ),
)
ORDINAL = re.compile(r"^(?:st|nd|rd|th)\b")
ENUMERATION = re.compile(r"(?:^|[\s,;:])\($")
ENUMERATION_AFTER = re.compile(r"^\)")
CITATION_BEFORE = re.compile(r"\[[\d, ]*$")
CITATION_AFTER = re.compile(r"^[\d, ]*\]")
RESOLUTION_AFTER = re.compile(r"^\s{0,10}x\s{0,10}\d|^\s?(?:\^\s?2|²)|^\s?(?:px|pixels?|p)\b|^ (?:image |input |pixel )?resolutions?\b")
RESOLUTION_BEFORE = re.compile(
    r"\dx?\s{0,10}x?\s{0,10}$|(?:resolutions?|image sizes?|input sizes?|pixels?|crop sizes?)(?: of| as high as| up to| at| from)*\s?$"
)
TIMES_SIZE_BEFORE = re.compile(r"\d\s{0,10}x\s{0,10}$")
FRACTION_AFTER = re.compile(r"^/255")
FRACTION_BEFORE = re.compile(r"\d/$")
INTERVAL_AFTER = re.compile(r"^ ?(?:confidence (?:interval|level)|ci\b|credible|significance|quantile|percentile|coverage)")
SHARE_AFTER = re.compile(
    r"^ of (?:(?:the|all|its|our|their|these|those|any|total|available|original|full|human|[a-z-]+) ){0,3}(?!performance|accuracy|quality)[a-z-]+|^ (?:of|tokens|visible|labell?ed|unlabell?ed|masked|sparsity|sparse|noise|"
    r"subset|training|labels?|mask(?:ing|ed)?|data|samples|images|pixels?|patches|points? cloud|pruning|pruned|keep|drop(?:out)?|overlap|missing|random|annotations?|probability|masking|budget|test|visible)\b"
)
CODE_BEFORE = re.compile(r"https?://\S*$|www\.\S*$|github\.com\S*$|arxiv:?\S*$")
