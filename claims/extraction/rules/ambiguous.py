"""Short names that mean two things: in what company one is the metric or the dataset that a file lists under it."""
# ruff: noqa: E501 - a pattern stays on one line, beside its name

from __future__ import annotations

import re
from dataclasses import dataclass

_SPEECH = r"speech|\bwer\b|word error|transcri|librispeech|acoustic"


@dataclass(frozen=True, slots=True)
class Company:
    """What must and what must not stand in a text, in lower case, for a name to mean its entry; None asks for nothing."""

    needs: re.Pattern[str] | None = None
    never: re.Pattern[str] | None = None

    def holds(self, lower: str) -> bool:
        """Say whether the text `lower` keeps this company."""
        if self.never is not None and self.never.search(lower):
            return False
        return self.needs is None or self.needs.search(lower) is not None


COMPANY: dict[tuple[str, str], Company] = {
    # an attack's success rate, or automatic speech recognition
    ("Attack success rate (ASR)", "ASR"): Company(re.compile(r"attack|jailbreak|adversar|backdoor|poison|trojan|trigger|injection|red.team|unsafe"), re.compile(_SPEECH)),
    # "DeepSeek R1", a robot "R1"
    ("Rank-1 accuracy", "R1"): Company(re.compile(r"re-?id\b|re-?identif|rank-?1|retriev|market-?1501|msmt|moment|gallery|recall"), re.compile(r"deepseek|\br1-|-r1\b|\d+b r1")),
    # masked autoencoders, and an error: "MAE reaches 83.6%"
    ("MAE", "MAE"): Company(never=re.compile(r"masked (?:auto-?encod|image model)|\bmae(?:-| )pre-?train|\bmae (?:[a-z]+ly |also |even |only )?(?:achiev|reach|attain|obtain|get|yield|scor)[a-z]* (?:an? |about |over |only |up to )?\d[\d.]*\s?\\?%")),
    ("Penn Treebank", "PTB"): Company(never=re.compile(r"\becgs?\b|electrocardio|cardiac|heart|arrhythm|myocard|ptb-xl")),
    ("IMDb", "IMDB"): Company(never=re.compile(r"\bgraph|node classif|heterogeneous|imdb-?wiki|\bage\b")),
    ("IMDb", "IMDb"): Company(never=re.compile(r"\bgraph|node classif|heterogeneous")),
    # error of diarization, or something else that is short
    ("Diarization error rate (DER)", "DER"): Company(re.compile(r"diari[sz]|speaker")),
    # of a trajectory, or the average effect of a treatment
    ("Absolute trajectory error (ATE)", "ATE"): Company(re.compile(r"traject|slam\b|odometr|visual-inertial|locali[sz]|camera pose"), re.compile(r"treatment|causal|aspect")),
    ("Interquartile mean (IQM)", "IQM"): Company(re.compile(r"quartile|atari|reinforcement|\brl\b|return|game|agent|human-normali|procgen|control")),
    # opinions, or a sort of circuit
    ("Comparative MOS (CMOS)", "CMOS"): Company(re.compile(r"speech|voice|\btts\b|text-to-|opinion|natural|listen|\bmos\b"), re.compile(r"circuit|sensor|transistor|silicon|chip|\bnm\b|fabricat|process")),
    ("Concordance correlation coefficient (CCC)", "CCC"): Company(re.compile(r"concordan|valence|arousal|emotion|correlation|affect")),
}  # fmt: skip
"""By the entry's name and the name as written."""
