"""Whether a number is a score, a difference or a ratio, and whose it is: cues before and after it in the shadow."""
# ruff: noqa: E501 - a pattern stays on one line, beside its id

from __future__ import annotations

import re

from claims.extraction.rules.costs import QUAL

_GAIN = (
    r"(?:gains?|improvements?|increases?|increments?|boosts?|drops?|degradations?|reductions?|margins?|decreases?|advantages?|decline|differences?|disparity|disparities|gaps?|leads?|jump|rise|loss(?: of)?"
    r"|enhancements?|lifts?|uplift|savings?|penalty|deterioration|speedups?|relative|overhead|outperformance)"
)

# (id, pattern on the text before the number)
DELTA_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("delta.by", re.compile(rf"\bby(?: up to| an?| (?:absolute|relative|average|margin|margins|impressive|additional|further|large|significant|remarkable|substantial|notable|considerable|overall|mean|relatively|absolutely|of|nearly))*\s*{QUAL}*\(?[+-]?$")),
    ("delta.gain_of", re.compile(rf"{_GAIN}(?: (?:of|by|is|are|:|from|between|ranging|reach\w*|rates?|in (?:[a-z-]+ ){{0,2}}M+(?: of)?|on D+(?: of)?|up to|over [^N;,]{{0,40}} of|with))*\s*{QUAL}*\(?[+-]?$")),
    ("delta.gap_to", re.compile(r"\bgap(?: [^;N]{0,80}?)? to(?: less than| within| only| just| about| under| an?| absolute)*\s*$")),
    ("delta.paren", re.compile(rf"{_GAIN}\b(?: [^;N()]{{0,90}})?\((?:by |of |e\.g\.,? |i\.e\.,? )?\s*{QUAL}*[+-]?$")),
    ("delta.within", re.compile(r"\bwithin(?: only| just| about)?\s*$")),
    ("delta.only_lower", re.compile(r"(?:drops?|degrades?|decreases?|los(?:es|ing)|sacrific\w+|cost) (?:of )?(?:only|just|less than|merely|about|around|at most|≤)?\s*$")),
    ("delta.better", re.compile(rf"(?:higher|lower|better|worse)(?: [^;NM]{{0,40}})? by\s*{QUAL}*$")),
    ("delta.outperforms_to", re.compile(r"(?:outperform|surpass|exceed)\w*(?: [^;N,]{0,60}?)? (?:up to|as much as)\s*$")),
    ("delta.gains", re.compile(rf"\b(?:gains|gaining|gained|improves|improving|increases|increasing|improved|boosts|boosting|outperforms|outperforming|surpasses)\s*(?:M+ )?(?:up to|about|around|over|an? (?:additional|extra|further)|by)\s*{QUAL}*$")),
)  # fmt: skip
# (id, pattern on the text after the number)
DELTA_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("delta.higher", re.compile(r"^\s*-?\(?(?:(?!with |and |at |for |on |in |using |of )[a-z-]+ )?(?:absolute |relative |points? |abs\.? |on average |M+ )*\(?(?:higher|lower|better|worse|more accurate|less accurate|more|less|above|below|over|ahead|behind|fewer|greater|increased?|decreased?|reduced|improved|smaller|away)\b(?! (?:than )?(?:\d|N+ (?:datasets|benchmarks|tasks)))")),
    ("delta.gain", re.compile(rf"^\s*-?(?:(?!and\b|on\b|with\b|while\b|for\b|over\b|by\b|to\b|at\b|or\b|from\b|compared\b|using\b|but\b)[a-z0-9'-]+ |M+ |D+ |V+ |P+ ){{0,5}}?{_GAIN}(?![a-z-])")),
    ("delta.points_over", re.compile(r"^ (?:M+ )?(?:over|above|below) (?:the |its |our |strong )?(?:[a-z-]+ ){0,2}(?:baselines?|previous|prior|state|sota|existing|best|[PV])")),
    ("delta.improving", re.compile(r"^ (?:M+ )?(?:from|over) (?:the )?(?:baselines?|previous|state-of-the-art)")),
)  # fmt: skip
RATIO_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ratio.relative", re.compile(rf"relative(?:ly)? (?:[a-z-]+ ){{0,3}}(?:of|by)?\s*{QUAL}*$")),
    ("ratio.retains", re.compile(rf"(?:retain|preserv|maintain|recover|keep|reach|achiev)\w* {QUAL}*$(?<=x)")),
)  # fmt: skip
RATIO_AFTER: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ratio.of_metric", re.compile(r"^ of (?:the |its |their |[PV]+'?s? |[a-z-]+'s )?(?:[a-z-]+ ){0,3}?(?:M+|performance|quality|capability|capabilities|effectiveness)")),
    ("ratio.relative", re.compile(r"^\s*\(?(?:M+ )?relative(?:ly)?\b")),
    ("ratio.times", re.compile(r"^ (?:[a-z-]+ )?(?:M+ )?(?:higher|better|more|greater|improvement|larger|increase|gain)")),
)  # fmt: skip

_VERBS = r"[^N]*\b(?:achiev|reach|attain|obtain|yield|deliver|scor|result|get)"
_STATE = r"(?:state-of-the-art|state of the art|sota|best|record|results?|methods?|works?|approach(?:es)?|baselines?|counterparts?|models?|art|standard)"
# (id, pattern on the text before the number): the number is somebody else's
BASELINE_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("role.versus", re.compile(r"(?:\bvs\b\.?|\bversus\b|\bv\.s\.|compar(?:ed?|ing|able) (?:to|with)|as opposed to|against|rather than|instead of|relative to)(?! (?:our|ours)\b)(?: (?!with\b|while\b|we\b|our\b|achiev|reach|attain|obtain|yield|and\b|by\b|deliver|using\b|from\b|is\b)[^\s;,N]+){0,9}\s*\(?[+~]?$")),
    ("role.than", re.compile(r"(?:\bthan|\bover)(?: (?:the|a|an))?(?: (?!with\b|while\b|we\b|our\b|achiev|reach|attain|obtain|yield|and\b|by\b|deliver|using\b|from\b|on\b)[^\s;,N]+){0,8} (?:of|at|'s|is|\(|[PV]+'s|baseline)\s*\(?$")),
    ("role.outperforming", re.compile(r"(?:outperform|surpass|exceed|beat|improv|top|better)\w*(?: (?:upon|on|over|than))?(?: (?!with\b|while\b|we\b|achiev|reach|attain|obtain|yield|and\b|by\b|deliver|using\b|from\b|in\b|to\b)[^\s;,N]+){1,9}\s*\(?(?:of|at)?\s*\(?$")),
    ("role.previous", re.compile(rf"(?:previous(?:ly)?|prior|former|earlier|existing|conventional|current|published)(?: [a-z-]+){{0,3}} {_STATE}(?: (?!with\b|while\b|we\b|our\b|achiev|reach|attain|obtain|by\b)[^\s;,N]+){{0,4}}\s*\(?$")),
    ("role.possessive", re.compile(r"(?:[PV]+)(?: \([^()]{0,20}\))?'s?\s*$")),
    ("role.name_paren", re.compile(r"P+ \($")),
    ("role.baseline", re.compile(r"\bbaselines?(?: (?:at|of|is|with|achieves|score|obtains|\())*\s*$")),
    ("role.human", re.compile(r"\bhuman(?:s| performance| accuracy| experts| annotators| baseline)?(?: (?:of|at|is|\(|achieve|M+))*\s*$")),
)  # fmt: skip
THRESHOLD_BEFORE = re.compile(rf"(?:surpass|exceed|break|beyond|cross)\w*(?: the)?(?: M+(?: of)?)?\s*{QUAL}*$")
BASELINE_AFTER = re.compile(
    r"^ ?\)?,? ?(?:M+ )?(?:(?:provided|obtained|achieved|reported|held|set|reached|attained|given) by (?:the )?(?:former|previous|prior|existing|current|[PV]+|baseline|best|conventional)|"
    r"of the (?:previous|prior|existing|baseline|former|state)|for (?:the )?(?:professionally|baseline|previous|prior|human|existing|natural speech)|with (?:imagenet )?pre-?training\)|by (?:the )?[PV]+)"
)
OTHERS_SUBJECT = re.compile(
    r"^(?:however, |while |although |yet, |currently, |today, |recently, |whereas |even )*(?:the )?(?:existing|current|previous|prior|today's|state-of-the-art|conventional|most|many|several|recent|"
    r"best-performing|top-performing|best performing|leading|frontier|other)(?: [a-z-]+){0,4} (?:methods?|models?|approaches|systems?|works?|techniques|llms|vlms|networks|algorithms)\b"
)
OTHERS_INLINE = re.compile(
    r"(?:today's|best-performing|top-performing|existing|current best|several (?:\w+ )?)(?: [a-z-]+){0,3} (?:model|models|system|systems|methods)[^N;.]{0,60}$"
)
OURS = re.compile(r"\b(?:we|our|ours|this paper|the proposed|proposed|this work|it achieves|this approach|this method)\b")
FROM_BEFORE = re.compile(r"\bfrom(?: (?!to\b|by\b)[^\s;N]+){0,7}\s*\(?$")
RANGE_VERB = re.compile(r"(?:rang|vary|vari|span|between|differ|scal)\w*(?: [a-z-]+){0,3}$")
CHANGE_VERB = re.compile(
    r"improv|increas|rais|boost|reduc|decreas|lift|lower|push|enhanc|drop|cut|elevat|advanc|grow|fall|declin|rises?|jump|bring|went|goes|degrad|lifts|bump"
)
TO_GAP = re.compile(r"^(?: M+| D+| (?!and\b|while\b)[^\s;,.N]+){0,8},? to (?:[^\s;,.N]+ ){0,4}\(?$")
VERSUS_GAP = re.compile(
    r"^\s*(?:M+\s*)?(?:[,(]\s*)?(?:vs\.?|versus|v\.s\.|compared (?:to|with)|against|as opposed to|over|than)\s+(?:[^\s;,.N]+ ){0,5}\(?$"
)
LIST_GAP = re.compile(rf"^\s*(?:,\s*and|,|/|\band\b|&|,?\s*\bor\b|;)\s*(?:{QUAL}|\()*$")
# "by 1.0% for X, 0.5% for Y": the next number goes on in the kind of the one before
CONTINUED = re.compile(
    rf"^\s*(?:M+ )?(?:(?:for|on|in|over|at|against|vs\.?|from|with|relative to|compared (?:to|with)|absolute|higher|\() ?(?!{_VERBS})[^N;:]{{0,60}}?\)?|on average|at most)?(?:,|,? and(?: by)?|, with|,? or)\s*(?:and )?{QUAL}*$"
)
UNDER_ATTACK = re.compile(
    r"^ (?:under|against|on) (?:the )?(?:[a-z-]+ ){0,4}(?:attacks?|adversarial (?:examples|samples|images|perturbations)|perturbations|adversar(?:y|ies))\b"
)
PAREN_CONTINUED = re.compile(r"^\)[^;N]{0,80}\((?:up to|by|about)?\s*$")
AVERAGE = re.compile(
    r"\b(?:on average|average|averaged|averaging|mean) (?:across|over|of|on)?|\bacross (?:\w+ ){0,3}(?:datasets|benchmarks|tasks|settings|domains)\b"
)
SEVERAL = re.compile(
    r"\b(?:across|on|over|in) (?:all |the |these |our |a (?:wide )?(?:range|variety|suite|set) of )?(?P<count>\d+|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|multiple|various|several|diverse|most|many|different)"
    r"(?: [a-z0-9-]+){0,4}? (?P<what>datasets|benchmarks|tasks|settings|domains|languages|test sets|models|trackers|games|environments)\b"
)
ACHIEVED = re.compile(
    r"(?:achiev|attain|reach|obtain|yield|deliver|scor|get|record|report|hit|predict|result|perform|accura|set|solv|resolv|has|have|with|at|of|to|pass|show|exceed|surpass|demonstrat)\w*(?: (?!by\b)[^\s;,N]+){0,5}\s*$"
)
