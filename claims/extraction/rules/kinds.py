"""Whether a number is a score, a difference or a ratio, and whose it is: cues before and after it in the shadow."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.rules.costs import QUAL
from claims.extraction.rules.names import ACHIEVE

_GETS = (
    r"(?:achiev\w+|reach\w*|attain\w*|obtain\w*|scor(?:e|es|ed)|gets?|got|has|have|had|hits?|averages?|averaged|solv(?:e|es|ed)|answer(?:s|ed)?|"
    r"perform(?:s|ed)? at|manag(?:e|es|ed)|yield(?:s|ed)?|gives?|gave|records?|recorded)"
)
_PEOPLE = r"(?:pathologists|radiologists|dermatologists|ophthalmologists|cardiologists|clinicians|physicians|doctors|surgeons|annotators|crowd ?workers|laypeople|non-experts|undergraduates)"
# "experts" may be parts of a mixture and "students" small networks, unless they open their clause
_PEOPLE_TOO = r"(?:experts|students|participants|people|users|readers|graders|teachers|professionals|practitioners|children|adults)"

_GAIN = (
    r"(?:gains?|improvements?|increases?|increments?|boosts?|drops?|degradations?|reductions?|margins?|decreases?|advantages?|decline|differences?|disparity|disparities|gaps?|leads?|jump|rise|loss(?: of)?"
    r"|enhancements?|lifts?|uplift|savings?|penalty|deterioration|speedups?|relative|overhead|outperformance)"
)
# verbs that say how far a score went: what follows is a difference, unless "to" leads to it
_MOVES = (
    r"(?:rises?|rose|grows?|grew|falls?|fell|jumps?|jumped|climbs?|climbed|drops?|dropped|declines?|declined|increases?|increased|decreases?|decreased"
    r"|improves?|improved|degrades?|degraded|shrinks?|shrank|soars?|soared|slips?|slipped|dips?|dipped)"
)
_MOVES_IT = r"(?:improv(?:es|ing)|lift(?:s|ed|ing)?|boost(?:s|ing)?|increas(?:es|ing)|rais(?:es|ing)|lower(?:s|ing)|reduc(?:es|ing)|decreas(?:es|ing)|enhanc(?:es|ing)|degrad(?:es|ing)|cuts?)"
_GIVES = r"(?:adds?|adding|added|contribut(?:es?|ed|ing)|(?:is|are|was|were) worth)"

_DISTANCE = r"(?:gaps?|differences?|disparit(?:y|ies)|discrepanc(?:y|ies)|improvements?|gains?|advantages?|margins?)"
# `QUAL` without "to"
_LITTLE = r"(?>(?:about|around|approximately|roughly|nearly|almost|only|just|over|more than|less than|at least|at most|an?\b|as (?:much|many|little) as|by|~|≤|≥|≈|<|>)\s*)"

# (id, pattern on the text before the number)
DELTA_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("delta.by", re.compile(rf"\bby(?: up to| an?| (?:absolute|relative|average|margin|margins|impressive|additional|further|large|significant|remarkable|substantial|notable|considerable|overall|mean|relatively|absolutely|of|nearly))*\s*{QUAL}*\(?[+-]?$")),
    ("delta.gain_of", re.compile(rf"{_GAIN}(?::| (?:of|by|is|are|from|between|ranging|reach\w*|rates?|(?:in|of) (?:[a-z-]+ ){{0,2}}M+|on D+|up to|(?>over [^N;,]{{0,40}} of)|(?<!leads )(?<!lead )with))*\s*{QUAL}*\(?[+-]?$")),
    ("delta.gain_is", re.compile(rf"{_DISTANCE} (?>(?:to|between|across|among|over|with|from|in|on|for) [^N;,]{{0,50}} (?:is|are|was|were|of|remains|amounts to))\s*{QUAL}*$")),
    ("delta.moves", re.compile(rf"\b(?:{_MOVES}|{_MOVES_IT} (?:(?:the |its |our )?(?:(?:average|mean|overall|top-\d) )?M+(?: (?:on|for|in) (?:the )?D+)?|D+)|{_MOVES} (?:on|for|in) (?:the )?D+|(?:is|are|was|were|goes|go|went) (?:up|down)(?! to\b))\s*{_LITTLE}*$")),
    ("delta.gives", re.compile(rf"\b{_GIVES}\s*(?:(?:additional|extra|further|another) |{_LITTLE})*$")),
    ("delta.gap_to", re.compile(r"\bgap(?: [^;N]{0,80}?)? to(?: less than| within| only| just| about| under| an?| absolute)*\s*$")),
    ("delta.paren", re.compile(rf"{_GAIN}\b(?: [^;N()]{{0,90}})?\((?:by |of |e\.g\.,? |i\.e\.,? )?\s*{QUAL}*[+-]?$")),
    ("delta.within", re.compile(r"\bwithin(?: only| just| about)?\s*$")),
    ("delta.only_lower", re.compile(r"(?:drops?|degrades?|decreases?|los(?:es|ing)|sacrific\w+|cost) (?:of )?(?:only|just|less than|merely|about|around|at most|≤)?\s*$")),
    ("delta.better", re.compile(rf"(?:higher|lower|better|worse)(?: [^;NM]{{0,40}})? by\s*{QUAL}*$")),
    ("delta.outperforms_to", re.compile(r"(?:outperform|surpass|exceed)\w*(?: [^;N,]{0,60}?)? (?:up ?to|as much as|over|more than)\s*$")),
    ("delta.gains", re.compile(rf"\b(?:gains|gaining|gained|improves|improving|increases|increasing|improved|boosts|boosting|outperforms|outperforming|surpasses)\s*(?:M+ )?(?:up to|about|around|over|an? (?:additional|extra|further)|by)\s*{QUAL}*$")),
)  # fmt: skip
# "a deviation of less than 0.02%": in percent how far scores differ, in millimetres an error
DEVIATION_BEFORE = re.compile(rf"\b(?:deviations?|discrepanc(?:y|ies)|bias)(?: (?:of|is|was|in (?:[a-z-]+ ){{0,2}}M+|on D+))*\s*{QUAL}*$")
DEVIATION_WORDS = ("deviation", "discrepanc", "bias")
# how far results lie apart is no result
SPREAD_BEFORE = re.compile(
    rf"\b(?:standard deviations?|std\.?|variances?|standard errors?)(?: (?:of|in|for|across|over|between)(?: [^N;,]{{1,50}}?)?)??(?: (?:of|is|are|was|were|below|under|within)| ?[:=])\s*{QUAL}*$"
)
SPREAD_WORDS = ("standard ", "std", "variance")
_PEOPLE_WORDS = (
    "ologist", "cian", "doctor", "surgeon", "annotator", "worker", "people", "expert", "undergrad", "student", "participant", "user",
    "reader", "grader", "teacher", "professional", "practitioner", "child", "adult",
)  # fmt: skip
# of each rule that reads the text before a number: words one of which stands in every match of its patterns
NEEDED_BEFORE: dict[str, tuple[str, ...]] = {
    "delta.by": ("by",),
    "delta.gain_of": (
        "gain", "improvement", "increase", "increment", "boost", "drop", "degradation", "reduction", "margin", "decrease", "advantage",
        "decline", "difference", "disparit", "gap", "lead", "jump", "rise", "loss", "enhancement", "lift", "saving", "penalty",
        "deterioration", "speedup", "relative", "overhead", "outperformance",
    ),
    "delta.moves": (
        "rise", "rose", "grow", "grew", "fall", "fell", "jump", "climb", "drop", "declin", "increas", "decreas", "improv", "degrad",
        "shrink", "shrank", "soar", "slip", "dip", "lift", "boost", "rais", "lowers", "lowering", "reduc", "enhanc", "cut", " up", " down",
    ),
    "delta.gap_to": ("gap",),
    "delta.paren": ("(",),
    "delta.within": ("within",),
    "delta.better": (" by",),
    "delta.gain_is": ("gap", "differenc", "disparit", "discrepanc", "improvement", "gain", "advantage", "margin"),
    "delta.gives": ("add", "contribut", "worth"),
    "delta.only_lower": ("drop", "degrad", "decreas", "lose", "losing", "sacrific", "cost"),
    "delta.outperforms_to": ("outperform", "surpass", "exceed"),
    "delta.gains": ("gain", "improv", "increas", "boost", "outperform", "surpass"),
    "role.versus": ("vs", "versus", "v.s.", "compar", "as opposed", "against", "rather", "instead", "relative"),
    "role.than": ("than", "over"),
    "role.outperforming": ("outperform", "surpass", "exceed", "beat", "improv", "top", "better"),
    "role.previous": ("previous", "prior", "former", "earlier", "existing", "conventional", "current", "published"),
    "role.possessive": ("'",),
    "role.name_paren": ("(",),
    "role.alike": ("close to", "on par with", "similar to", "approaching", "nearing"),
    "role.counterpart": ("counterpart",),
    "role.baseline": ("baseline",),
    "role.human": ("human",),
    "role.name_colon": ("(",),
    "role.people": _PEOPLE_WORDS,
    "role.chance": ("chance", "guess"),
    "role.teacher": ("teacher",),
    "role.plain": ("vanilla", "off-the-shelf", "unmodified", "baseline", "counterpart"),
    "role.record": ("record", "of the art", "of-the-art", "sota"),
    "role.competitor": ("compet", "rival", "alternative", "contender", "baseline"),
    "role.which": (", which ",),
    "role.threshold": ("surpass", "exceed", "break", "beyond", "cross"),
    "role.even": ("even ",),
}  # fmt: skip
# "removing it costs 2.3% mAP": in the lower-cased text, as the shadow shows a noun of costs
COSTS_BEFORE = re.compile(r"[a-z] costs (?:us )?(?:only |just |about |around |at most |up to )?$")
# (id, pattern on the text after the number)
DELTA_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("delta.higher", re.compile(r"^\s*-?\(?(?:(?!with |and |at |for |on |in |using |of )[a-z-]+ )?(?:absolute |relative |points? |abs\.? |on average |M+ )*\(?(?:higher|lower|better|worse|more accurate|less accurate|more|less|(?:above|below|over(?! (?:(?:the|all|its|our|these|those|most|both) )?(?:[a-z-]+ ){0,2}(?:folds|runs|seeds|trials|episodes|classes|categories|languages|datasets|benchmarks|tasks|subjects|patients|sessions|questions|years|test sets?)\b))(?! *$)|ahead|behind|fewer|greater|increased?|decreased?|reduced|improved|smaller|away)\b(?! (?:than |all |the |a total of )?(?:\d|N+ ))(?! (?:all|multiple|several|various|many|different|unseen|held-out)\b)")),
    ("delta.gain", re.compile(rf"^\s*-?(?:(?!of the\b|and\b|on\b|with\b|while\b|for\b|over\b|by\b|to\b|at\b|or\b|from\b|compared\b|using\b|but\b)[a-z0-9'-]+ |M+ |D+ |V+ |P+ ){{0,5}}?{_GAIN}(?![a-z-])")),
    ("delta.points_over", re.compile(r"^ (?:M+ )?(?:over|above|below) (?:the |its |our |strong )?(?:[a-z-]+ ){0,2}(?:baselines?|previous|prior|state|sota|existing|best|[PV])")),
    ("delta.improving", re.compile(r"^ (?:M+ )?(?:from|over) (?:the )?(?:baselines?|previous|state-of-the-art)")),
)  # fmt: skip
RATIO_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ratio.relative", re.compile(rf"relative(?:ly)? (?:[a-z-]+ ){{0,3}}(?:of|by)?\s*{QUAL}*$")),
)  # fmt: skip
RATIO_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ratio.of_metric", re.compile(r"^ of (?:the |its |their )?(?:[PV]+'?s? |[a-z-]+'s )?(?:[a-z-]+ ){0,3}?(?:M+|performance|quality|capability|capabilities|effectiveness)")),
    ("ratio.relative", re.compile(r"^\s*\(?(?:M+ )?relative(?:ly)?\b")),
    ("ratio.times", re.compile(r"^ (?:[a-z-]+ )?(?:M+ )?(?:higher|better|more|greater|improvement|larger|increase|gain)")),
)  # fmt: skip

_VERBS = r"[^N]*\b(?:achiev|reach|attain|obtain|yield|deliver|scor|result|get)"
_STATE = r"(?:state-of-the-art|state of the art|sota|best|record|results?|methods?|works?|approach(?:es)?|baselines?|counterparts?|models?|art|standard)"
# (id, pattern on the text before the number): the number is somebody else's
BASELINE_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("role.versus", re.compile(r"(?:\bvs\b\.?|\bversus\b|\bv\.s\.|compar(?:ed?|ing|able) (?:to|with)|as opposed to|against|rather than|instead of|relative to)(?! (?:our|ours)\b)(?: (?!with\b|while\b|we\b|our\b|achiev|reach|attain|obtain|yield|and\b|by\b|deliver|using\b|from\b|is\b)[^\s;,N]+){0,9}\s*\(?[+~]?$")),
    ("role.than", re.compile(r"(?:\bthan|\bover(?! (?:all|both|the (?:[a-z]+ )?(?:classes|organs|tasks|datasets)|two|three|four|five|six|seven|eight|nine|ten|several|many)\b))(?: (?:the|a|an))?(?: (?!with\b|while\b|we\b|our\b|achiev|reach|attain|obtain|yield|and\b|by\b|deliver|using\b|from\b|on\b)[^\s;,N]+){0,8} (?:of|at|'s|is|\(|[PV]+'s|baseline)\s*\(?$")),
    ("role.outperforming", re.compile(r"(?:outperform|surpass|exceed|beat|improv|top|better)\w*(?: (?:upon|on|over|than))?(?: (?!with\b|while\b|we\b|achiev|reach|attain|obtain|yield|and\b|by\b|deliver|using\b|from\b|in\b|to\b)[^\s;,N]+){1,9}\s*(?:\(?(?:of|at)\s*|\(\s*)?\(?$")),
    ("role.previous", re.compile(rf"(?:previous(?:ly)?|prior|former|earlier|existing|conventional|current|published)(?: [a-z-]+){{0,3}} {_STATE}(?: (?!with\b|while\b|we\b|our\b|achiev|reach|attain|obtain|by\b)[^\s;,N]+){{0,4}}\s*\(?$")),
    ("role.possessive", re.compile(r"[PV](?<![PV].)[PV]*(?: \([^()]{0,20}\))?'s?\s*$")),
    ("role.name_paren", re.compile(r"[PV](?<![PV].)[PV]* \((?:[^()]{0,50}, ?)?(?:M+ |at |with |only ){0,2}$")),
    ("role.alike", re.compile(r"\b(?:close to|on par with|similar to|approaching|nearing)(?: (?!with\b|while\b|we\b|our\b|and\b|by\b|using\b)[^\s;,N]+){1,6} \($")),
    ("role.counterpart", re.compile(r"\bcounterparts?\s*\($")),
    ("role.baseline", re.compile(r"(?<!new )(?<!strong )\bbaselines?(?: (?:(?:collaps|drop|fall|reach|stay|remain|lag|suffer|degrad|only)[a-z]*|at|of|is|with|achieves|score|obtains|\())*\s*$")),
    ("role.human", re.compile(r"\bhuman(?:s| performance| accuracy| experts| annotators| baseline)?(?: (?:of|at|is|can|\(|achieve|reach|obtain|get|score|solve|answer|complete|only|just|about|over|M+))*\s*$")),
    ("role.name_colon", re.compile(r"\([PV]+[:=] ?$")),
)  # fmt: skip
# one of these stands in every match of the pattern
NEGATED_WORDS = (" not", "not able", "n't", "cannot", "fail", "unable", "never")
NOBODY_WORDS = ("no ", "none of", "neither")
OTHERS_INLINE_WORDS = ("today's", "-performing", "existing", "current best", "several")
# (id, pattern on the text before the number): the subject is nobody of the paper's
BASELINE_SUBJECT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("role.people", re.compile(rf"(?:\b{_PEOPLE}|(?:^|[,;:] |\b(?:while|whereas|but|human|medical|graduate|domain|clinical|college|university) ){_PEOPLE_TOO})(?:, who)?(?: [a-z]+ly)?(?: also| only| still| just| themselves| alone)* {_GETS}\b[^N;PV]{{0,60}}$")),
    ("role.chance", re.compile(rf"(?:^|[,;(] ?|\b(?:while|where|whereas|random|by|and) )(?:chance|guess(?:ing|es)?)(?: (?:level|performance|accuracy|baseline|alone|M+|is|was|of|at|would|gives?|yields?|obtains?|achieves?|reaches|be|on D+))*\s*{QUAL}*\(?$")),
    ("role.teacher", re.compile(rf"\b(?:the|its|their|whose|larger|original|full-precision)(?: [a-z-]+)? teacher(?: model| network)?(?:(?: [a-z]+ly)?(?: only| still| itself)* {_GETS}\b[^N;PV]{{0,60}}|(?: (?:at|of|with|M+))* \(?)$")),
    ("role.plain", re.compile(rf"\b(?:vanilla|off-the-shelf|unmodified) (?:(?!with\b|trained\b|our\b)[a-zPV-]+ ){{1,3}}?(?:only |still )?{_GETS}\b[^N;PV]{{0,60}}$")),
    ("role.plain", re.compile(rf"(?<!our )(?<!new )(?<!strong )\b(?:baselines?|counterparts?(?: without (?:[a-z-]+ ){{0,2}}[a-z-]+)?)(?: only| still| just)* {_GETS}\b[^N;PV]{{0,60}}$")),
    ("role.record", re.compile(rf"\b(?:record|state[- ]of[- ]the[- ]art|sota)(?: so far| at the time| before)? (?:was|had been|stood at)\s*{QUAL}*$")),
    ("role.competitor", re.compile(rf"\b(?:best|strongest|closest|nearest|next best|second best|second-best) (?:[a-z-]+ )?(?:competitor|rival|alternative|contender|baseline)s?,?(?: [PV]+,?)? {_GETS}\b[^N;]{{0,60}}$")),
    ("role.which", re.compile(rf"(?:competitive with|compar\w+ (?:to|with)|on par with|close to|\bthan|\bover|outperform\w*|surpass\w*|exceed\w*|\bbeat\w*|\bmatch(?:es|ed|ing)?|against|ahead of) (?:the |an? )?(?:[a-z-]+ ){{0,4}}\(?(?P<name>[PV]+)\)?, which (?:only )?{_GETS}\b[^N;]{{0,60}}(?:N+ M+,? and [^N;]{{0,20}})?$")),
)  # fmt: skip
# "the SVM obtained 88%": beside a method that has a name, somebody else's
PLAIN_MODEL = re.compile(
    rf"(?:^|[,;] |\b(?:while|whereas|and|but|the|an?|standard|plain|simple) )(?:support vector machines?|svms?|k-?nns?|hmms?|crfs?|linear regression|lasso)(?: (?:models?|classifiers?|networks?))?(?: only| still)* {_GETS}\b[^N;PV]{{0,60}}$"
)
PLAIN_WORDS = ("svm", "support vector", "knn", "k-nn", "hmm", "crf", "linear regression", "lasso")
# people whom the paper's method helps
AIDED = re.compile(r"\b(?:with|using|assist\w*|aid\w*|help\w*|support\w*|by)\b")
# "does not reach 80%", "fails to attain an M of N"
NEGATED = re.compile(
    r"\b(?:(?:do|does|did|can|could|will|would)(?: not|n't)|cannot|fail(?:s|ed|ing)? to|unable to|never|not able to)(?: [a-z-]+)? "
    rf"(?:reach|attain|achieve|obtain|get|hit|pass|cross)(?:ed)? (?:an? |the |even )?(?:M+ (?:of |above |over )?)?{QUAL}*$"
)
# "none of the models surpasses 40%": a bound on what others reach
NOBODY = re.compile(
    r"(?:^|[,;:] |\bthat )(?:no|none of|neither)\b(?:(?! to )[^,;:N]){0,70} (?:surpass|exceed|reach|attain|achiev|obtain|solv|pass|cross|get|scor)[a-z]* "
    rf"(?:an? |the |even )?(?:M+ (?:of |above |over )?)?{QUAL}*$"
)
# "even GPT-4o reaches only 38.1%"
EVEN = re.compile(r"(?:^|[,;] )even (?:the )?(?:[a-z-]+ ){0,3}?(?P<name>[PV]+)(?: [^\s;,N]+){1,8} $")
THRESHOLD_BEFORE = re.compile(rf"(?:surpass|exceed|break|beyond|cross)\w*(?: the)?(?: M+(?: of)?)?\s*{QUAL}*$")
BASELINE_AFTER = re.compile(
    r"^ ?(?:M+ ?)?\((?:[a-z-]+ ){0,4}(?:baseline|previous|prior|sota|original|before)\b|^ ?\) (?:[a-z-]+ )?(?:baselines?|counterparts?)\b|^ ?\)?,? ?(?:M+ )?(?:(?:provided|obtained|achieved|reported|held|set|reached|attained|given) by (?:the )?(?:former|previous|prior|existing|current|[PV]+|baseline|best|conventional)|"
    r"of the (?:previous|prior|existing|baseline|former|state)|for (?:the )?(?:baseline|previous|prior|human|existing|natural speech)|by (?:the )?[PV]+)"
)
OTHERS_SUBJECT = re.compile(
    r"^(?:however, |while |although |yet, |currently, |today, |recently, |whereas |even )*(?:the )?(?:best |strongest )?(?:existing|current|previous|prior|today's|state-of-the-art|conventional|most|many|several|recent|"
    r"best-performing|top-performing|best performing|leading|frontier|other)(?:(?: [a-z-]+){0,4} (?:methods?|models?|approaches|systems?|works?|techniques|llms|vlms|networks|algorithms|agents|policies|baselines)|"
    r"(?: (?!approach\b|method\b|model\b|system\b|work\b|[a-z]+ly\b)[a-z-]+){0,3} "
    r"(?!errors|numbers|papers|parameters|users|factors|vectors|tensors|layers|filters|others|researchers|readers|authors|answers|clusters|centers|corners|orders)"
    r"[a-z-]+(?:ers|ors))\b"
)
# where another subject takes over: "prior detectors obtain 21 AP, FooNet reaches", "existing methods ignore it; ..."
TAKEN_OVER = re.compile(rf"; |, (?:and |but |whereas |while )?(?:our |the )?[PV]+ (?:[a-z]+ly )?(?:{ACHIEVE})\b")
OTHERS_INLINE = re.compile(
    r"(?:today's|best-performing|top-performing|existing|current best|several (?:\w+ )?)(?: [a-z-]+){0,3} (?:model|models|system|systems|methods)[^N;.]{0,60}$"
)
OURS = re.compile(r"\b(?:we|our|ours|this paper|the proposed|proposed|this work|it achieves|this approach|this method)\b")
# "solves 28.8% of the problems": how many of a set were done is its score
SOLVES = re.compile(
    rf"\b(?:(?P<verb>solv|resolv|complet|pass|answer|finish)\w*|succeed\w* (?:in|on)|(?:right|correct) (?:on|in|for)) {QUAL}*$"
)
SOLVED_AFTER = re.compile(
    r"^ of (?:the |all |these |its )?(?:[a-z0-9-]+ ){0,2}?(?P<what>problems|issues|tasks|questions|queries|cases|instances|puzzles|tests|episodes|trials|attempts|rollouts|goals)\b"
)
# "33.4% of the issues in A and 41.2% of those in B"
SOLVED_AGAIN = re.compile(r"^ of (?:those|them|the ones)\b")
SOLVED_GOES_ON = re.compile(r"^[^N;]{0,80}(?:,|,? and) $")
OUR_METHOD = re.compile(
    r"\b(?:our|the proposed|this) (?:[a-z-]+ ){0,3}?(?:method|model|approach|framework|system|algorithm|network|pipeline|agent|technique|solution|architecture|classifier|baseline)s?\b|\bwe (?:propose|train|fine-?tune|develop)"
)
FROM_BEFORE = re.compile(r"\bfrom(?: (?!to\b|by\b)[^\s;N]+){0,7}\s*\(?$")
RANGE_VERB = re.compile(r"(?:rang|vary|vari|span|between|differ|scal)\w*(?: [a-z-]+){0,3}$")
CHANGE_VERB = re.compile(
    r"improv|increas|rais|boost|reduc|decreas|lift|lower|push|enhanc|drop|cut|elevat|advanc|grow|fall|declin|rises?|jump|bring|went|goes|degrad|lifts|bump|climb|rose\b|fell\b|soar|shrink|shrank|sink|sank"
)
TO_GAP = re.compile(r"^(?: M+| D+| (?!and\b|while\b)[^\s;,.N]+){0,8},? to (?:[^\s;,.N]+ ){0,4}\(?$")
VERSUS_GAP_WORDS = ("vs", "versus", "v.s.", "compared ", "against", "opposed", "over", "than", "is ")
VERSUS_GAP = re.compile(
    r"^\s*(?:M+\s*)?(?:(?:on|for|in) (?:the )?D+(?:(?:,? and |, |/)(?:the )?D+){0,5}(?: (?:datasets?|benchmarks?|test sets?))?\s*)?"
    r"(?:[,(]\s*)?(?:vs\.?|versus|v\.s\.|compared (?:to|with)|against|as opposed to|over|than|is (?:[a-z-]+ ){0,2}(?:above|below|than) the)\s+(?:(?!with\b|while\b|using\b)[^\s;,.N]+ ){0,5}\(?$"
)
# "2.1% vs. 1.2% for X": what is compared with a difference is one, too
VERSUS_ALIKE = re.compile(rf"(?:\bvs\.?|versus|v\.s\.|compared (?:to|with)|against|as opposed to)\s+(?:{QUAL}|of )*$")
LIST_GAP = re.compile(rf"^\s*(?:,\s*and|,|/|\band\b|&|,?\s*\bor\b|;)\s*(?:{QUAL}|\()*$")
_AND_NEXT = rf"(?:,|,? and(?: by)?|, with|,? or)\s*(?:and )?(?:(?:(?:on|for|in) )?(?:the )?D+ (?:of|by) )?{QUAL}*$"
# "by 1.0% for X, 0.5% for Y", "a 3.2% gain on X and 1.1% on Y", "27.8 dB on X and 33.3 dB on Y": the next number goes on in the kind
# of the one before
CONTINUED = re.compile(
    rf"^\s*(?:-?(?:M+|{_GAIN}|(?:absolute |relative )?points?|higher|lower|better|worse|more accurate|db|mm|cm|m|hz|degrees?)\s+)*(?:(?:for|on|in|over|than|at|against|vs\.?|from|with|when|if|after|without|under|using|relative|relative to|compared (?:to|with)|absolute|higher|lower|better|worse|\() ?(?!{_VERBS})[^N;:]{{0,60}}?\)?|on average|at most)?{_AND_NEXT}"
)
# "2.1% better on X, with 88.1% accuracy": a score beside the difference
WITH_SCORE = re.compile(rf", with {QUAL}*$")
# "2.5 F1 and 5.1 F1 performance gain": the noun is both numbers'
GAIN_OF_NEXT = re.compile(rf"^\s*(?P<metric>M+),? (?:and|or) N+ (?P<again>M+) (?:[a-z-]+ ){{0,2}}?{_GAIN}(?![a-z-])")
# "by 5.4% on X (47.2 M), 1.3% on Y": a score in brackets between two differences
ASIDE = re.compile(r"\([^()]*\)")
UNDER_ATTACK = re.compile(
    r"^ (?:under|against|on) (?:the )?(?:[a-z-]+ ){0,4}(?:attacks?|adversarial (?:examples|samples|images|perturbations)|perturbations|adversar(?:y|ies))\b"
)
# "3.6% F1 (2.8% accuracy)"
PAREN_BESIDE = re.compile(r"^\s*M+\s*\($")
# "gains", somewhere near a number of "points"
GAIN_NEAR = re.compile(
    rf"\b(?:{_GAIN}|{_MOVES}|{_MOVES_IT}|outperform\w*|surpass\w*|exceed\w*|improv\w*|beat\w*|better|ahead|behind|higher|lower|short of|trail\w*|score[sd]?)\b"
)
# "15.4% in accuracy and 0.8 in BLEU": differences in other units
CONTINUED_BY_IN = re.compile(r"^ (?:in|on|for) (?:[a-z-]+ )?M+,? and\s*$")
PAREN_CONTINUED = re.compile(r"^\)[^;N]{0,80}\((?:up to|by|about)?\s*$")
# "on A, B and C, on average 1.4% higher": the number of none of them
AVERAGED_BEFORE = re.compile(rf"\b(?:on average|averag\w+|mean)(?: (?:of|by|is|[a-z]+ing))?,? {QUAL}*$")
AVERAGED_AFTER = re.compile(r"^ ?(?:M+ |higher |lower |better |improvement |gain |points? ){0,3}(?:on average|averaged)\b")
SEVERAL_WORDS = (
    "datasets", "benchmarks", "tasks", "settings", "domains", "languages", "test sets", "models", "trackers", "games", "environments",
)  # fmt: skip
SEVERAL = re.compile(
    r"\b(?:across|on|over|in) (?:all |the |these |our |a (?:wide )?(?:range|variety|suite|set) of )?(?P<count>\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|multiple|various|several|diverse|most|many|different)"
    r"(?: [a-z0-9-]+){0,4}? (?P<what>datasets|benchmarks|tasks|settings|domains|languages|test sets|models|trackers|games|environments)\b"
)
ACHIEVED = re.compile(
    r"\b(?:achiev|attain|reach|obtain|yield|deliver|scor|get|record|report|hit|predict|result|perform|accura|set|solv|resolv|has|have|with|at|of|to|pass|show|exceed|surpass|outperform|demonstrat)\w*(?: (?!by\b)[^\s;,N]+){0,5}\s*$"
)
# "the success rate of A on 10 tasks is 81%", "a success rate of 65% over 300 trials and 56% over 90"
STATED = re.compile(rf"(?:(?!\b(?:is|are|was|were|chance)\b)[^,;:(])*\b(?:is|are|was|were) {QUAL}*$")
AND_AGAIN = re.compile(rf",? and {QUAL}*$")
# "forgetting is 2.1%", "a coverage of 90%", "odometry drifts 0.5%": what nobody listed, and not what a dataset is usually measured in
_SCORED = r"(?:perform\w*|results?|accurac\w*|scores?|states?|art|sota|best|records?|numbers?|it|this|that|which|ours?|latter|former|one|values?|level|average|mean|total|baselines?|chance|M+)"
OF_UNKNOWN = re.compile(rf"(?<![\w'-])(?!{_SCORED} )[a-zPV][\w'-]* of {QUAL}*$")
IS_UNKNOWN = re.compile(
    rf"(?:^|[,;:(]|\bthat\b)(?:(?!\b(?:{_SCORED}|[PV]+)\b)[^,;:(N]){{1,90}} (?:is|was|are|were)(?: at| only| still)? ?{QUAL}*$"
)
DOES_UNKNOWN = re.compile(
    rf"(?<![\w'-])(?!achiev|attain|reach|obtain|gets|got|getting|yield|deliver|scor|record|report|hits|has|shows|showing|demonstrat|exceed|surpass|produc|gives|giving|sets|setting|results|points|versus|is|was|stays|remains|keeps|predict|answer|"
    rf"solv|provid|maintain|retain|improv|outperform|increas|rais|boost|pass|perform|mark|register|establish|lead|its|this|tasks|datasets|benchmarks|settings)[a-z]+(?:s|ed) {QUAL}*$"
)
