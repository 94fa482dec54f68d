"""Whose number it is: the paper's own names, the subject of a sentence, backbones and quoted models."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from dataclasses import dataclass

from claims.extraction.drafts import UNNAMED_MODEL
from claims.extraction.rules import costs, kinds, names
from claims.extraction.scene import Mention, Scene
from claims.extraction.vocabulary import Vocabulary
from claims.terms import AliasKind, ClaimKind, Role

_AND_FOR = re.compile(r",? (?:and|while|whereas) (?:for|on|with|using)\b")
_TITLE_NAME = re.compile(r"^(?P<name>[^:?!]{2,48}?)\s{0,10}(?::|--|–)\s")  # of a title without blanks around it
_PLAIN_WORDS = re.compile(r"^(?:[A-Z]?[a-z]+|of|the|a|an|and|for|in|on|to|with|is|vs)$")
_VERSIONED = re.compile(r"[A-Z][a-z]*[A-Z][A-Za-z]*\d[\w.]*")
_TRAILING = re.compile(r"(?:[.,;:!?'\")]+|'s)$")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who scored: role, model (None where a quoted one has no name) and variant, with the ids of the rules that said so."""

    role: Role
    model: str | None
    variant: str | None
    rules: tuple[str, ...]


def own_names(title: str, abstract: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return what a paper calls its own methods, the main name first. Both texts are normalised."""
    found: list[str] = []
    lowered = abstract.lower()
    prefix = _TITLE_NAME.match(title.strip())
    if prefix is not None and _is_title_name(prefix["name"], lowered):
        found.append(prefix["name"].strip("\"' "))
    said: list[tuple[int, int, str]] = []
    for text in (title, abstract):
        for pattern in (names.NAMED, names.PRESENTED, names.PRESENTED_ACRONYM, names.NEW_NAME):
            for match in pattern.finditer(text):
                name = _TRAILING.sub("", match["name"]).strip()
                quoted = text[match.start("name") - 1 : match.start("name")] in ("'", '"')
                if _is_name(name, quoted) and not (pattern is names.PRESENTED_ACRONYM and len(name) < 3):
                    said.append((-lowered.count(name.lower()), len(said), name))
    # of several names that the text gives, the one that it comes back to is the method's, the others are its parts'
    given = [name for _, _, name in sorted(said)]
    # "Doing Foo before Bar: ... named FB-Net": a shaped name goes before the plain words of a title
    shaped = [] if any(_shaped(word) for name in found for word in name.split()) else [n for n in given if n.split()[0] == n and _shaped(n)]
    found = (shaped if found and " " in found[0] else []) + found + given
    if prefix is None or not found:
        # "Searching for FooNetV3": a versioned name in the title that the abstract keeps coming back to
        versioned = [
            w for w in (_TRAILING.sub("", word) for word in title.split()) if _VERSIONED.fullmatch(w) and lowered.count(w.lower()) > 1
        ]
        found = versioned + found
    unique: dict[str, str] = {}
    for name in found:
        known = (
            vocabulary.lookup(AliasKind.DATASET, name)
            or vocabulary.lookup(AliasKind.METRIC, name)
            or vocabulary.lookup(AliasKind.TASK, name)
        )
        if known is None and name.lower() not in names.NOT_A_MODEL and 1 < len(name) < 60:
            unique.setdefault(name.lower(), name)
    return tuple(unique.values())[:6]


def _is_title_name(name: str, lowered_abstract: str) -> bool:
    words = name.split()
    if len(words) > 5 or (len(words) > 1 and words[0].endswith("ing")):
        return False
    shaped = any(_shaped(word) for word in words)
    if len(words) == 1:
        return shaped or name.lower() in lowered_abstract
    return (shaped and len(words) <= 3) or name.lower() in lowered_abstract


def _shaped(word: str) -> bool:
    return sum(c.isupper() for c in word) >= 2 or (any(c.isdigit() for c in word) and any(c.isalpha() for c in word))


def _is_name(name: str, quoted: bool) -> bool:
    words = name.split()
    if not words or name.lower() in names.NOT_A_MODEL:
        return False
    if any(_shaped(word) for word in words):
        return len(words) <= 4 and all(word.lower() not in names.NOT_A_MODEL for word in words[:1])
    if quoted:
        return len(words) <= 3
    return len(words) == 1 and name[0].isupper() and len(name) > 3 and name.lower() not in _COMMON


_COMMON = frozenset(
    [
        "this",
        "that",
        "these",
        "those",
        "here",
        "there",
        "extensive",
        "experiments",
        "given",
        "using",
        "while",
        "when",
        "such",
        "then",
        "both",
        "image",
        "video",
        "text",
        "deep",
        "vision",
        "language",
        "large",
        "code",
        "data",
    ]
)


# "70.8% accuracy, surpassing CLIP's 68.3% on ViT-B models": the backbone is both numbers'
_SHARED_VARIANT = re.compile(r"N{1,8} (?:on|with|using|for) (?:an? |the )?(V+)(?: (?:models?|backbones?|architectures?))?(?=[.,;)]|$)")
_COMPARED = re.compile(r"surpass|outperform|exceed|compared (?:to|with)|\bvs\b|against")


class OwnerFinder:
    """Find the owners of numbers in the texts of one paper."""

    def __init__(self, own: tuple[str, ...], title: str) -> None:
        self._own = own
        self._title_words = {word.lower().strip("?!.,:") for word in title.split() if len(word) >= 5 and any(c.isdigit() for c in word)}

    def is_own(self, name: str) -> bool:
        """Say whether `name` is the paper's own name, or one made from it ("TinyNet-E" of "TinyNet")."""
        lowered = name.lower()
        for own in self._own:
            key = own.lower()
            if lowered == key or lowered.rstrip("s") == key.rstrip("s"):
                return True
            if lowered.startswith(key) and len(key) > 2 and not lowered[len(key)].isalpha():
                return True
        return False

    def find(
        self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int, kind: ClaimKind, clause: tuple[int, int]
    ) -> Owner:
        """Return the owner of the number group at [start, end); `next_start` is where the next number begins."""
        role, rule = self.role(scene, sentence, start, end, kind)
        if role is Role.BASELINE:
            name = self._quoted(scene, sentence, start, end, next_start)
            return Owner(role, name, None, (rule,))
        subject = self._subject(scene, sentence, start)
        variant = self._variant(scene, sentence, start, end, next_start)
        rules = ["owner.subject"] if subject else []
        if subject is not None and subject.kind == "V":
            if not self._is_title_model(subject.name):
                return Owner(role, self._main(), variant or subject.name, ("owner.backbone_subject",))
        elif subject is None:
            rules = ["owner.main"]
        model = subject.name if subject is not None else self._main()
        if subject is not None:
            size = names.SIZE_AFTER_NAME.match(scene.lower[subject.end : subject.end + 20])
            variant = size["variant"] if size else variant
        if variant is not None and variant.lower() == model.lower():
            variant = None
        return Owner(role, model, variant, tuple(rules))

    def of_size(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, noun_end: int) -> Owner | None:
        """Return whose size the number at [start, end) is where a name says so right behind it, None where none does.

        `noun_end` is where the cost's noun ends: "a model of 650 million parameters, FooNet-H, it". What the sentence named
        before is then another model.
        """
        apposed = costs.SIZED_APPOSED.match(scene.shadow[noun_end : sentence[1]])
        if apposed is not None:
            mention = scene.at("P", noun_end + apposed.start("name")) or scene.at("V", noun_end + apposed.start("name"))
            return None if mention is None else Owner(Role.PROPOSED, mention.name, None, ("owner.apposed",))
        if not costs.BEFORE_SIZE.search(scene.lower[max(sentence[0], start - 12) : start]):
            return None
        followed = costs.SIZED_FOLLOWED.match(scene.shadow[end : sentence[1]])
        mention = scene.at("P", end + followed.start("name")) if followed is not None else None
        if followed is None or mention is None or not self.is_own(mention.name):
            return None
        words = names.VARIANT_WORDS.search(scene.lower, end, end + followed.start("name"))
        return Owner(Role.PROPOSED, mention.name, words["variant"] if words else None, ("owner.sized",))

    def with_role(
        self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int, role: Role, owner: Owner, rule: str
    ) -> Owner:
        """Return `owner` with another role: what a pair says of its numbers goes before what stands around them."""
        if role is Role.BASELINE:
            return Owner(role, self._quoted(scene, sentence, start, end, next_start), None, (rule,))
        subject = self._subject(scene, sentence, start)
        name = subject.name if subject is not None and subject.kind == "P" else self._main()
        return Owner(role, name, self._variant(scene, sentence, start, end, next_start), (*owner.rules, rule))

    def role(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, kind: ClaimKind) -> tuple[Role, str]:
        """Return the role of a number and the rule that decided it."""
        before = scene.shadow[sentence[0] : start]
        after = scene.shadow[end : sentence[1]]
        if kind is ClaimKind.ABSOLUTE:
            if kinds.THRESHOLD_BEFORE.search(before):
                return Role.PROPOSED, "role.threshold"
            for rule, pattern in kinds.BASELINE_BEFORE:
                match = pattern.search(before)
                if match is None:
                    continue
                if rule in ("role.possessive", "role.name_paren"):
                    owner = scene.at("P", sentence[0] + match.start()) or scene.at("V", sentence[0] + match.start())
                    if (rule == "role.possessive" and "'" not in match.group()) or owner is None or self.is_own(owner.name):
                        continue
                return Role.BASELINE, rule
            if kinds.BASELINE_AFTER.match(after):
                return Role.BASELINE, "role.provided_by"
        inline = kinds.OTHERS_INLINE.search(before)
        # "We focus on a subset, where today's best models achieve 97%": what "we" do before it changes nothing
        if (kinds.OTHERS_SUBJECT.match(before) and not kinds.OURS.search(before)) or (
            inline and not kinds.OURS.search(before, inline.start())
        ):
            return Role.BASELINE, "role.others_subject"
        return Role.PROPOSED, ""

    def _main(self) -> str:
        return self._own[0] if self._own else UNNAMED_MODEL

    def _is_title_model(self, name: str) -> bool:
        return self.is_own(name) or any(name.lower().startswith(word) for word in self._title_words)

    def _subject(self, scene: Scene, sentence: tuple[int, int], start: int) -> Mention | None:
        """Return the name whose result this is: the last one that stands before a verb of achieving, own names first."""
        best: Mention | None = None
        before = scene.shadow[sentence[0] : start]
        for match in names.SUBJECT.finditer(before):
            position = sentence[0] + match.start("name")
            mention = scene.at("P", position) or scene.at("V", position)
            if mention is None:
                continue
            head = scene.shadow[max(sentence[0], position - 30) : position]
            if re.search(
                r"(?:than|over|to|with|of|vs\.?|outperform\w*|surpass\w*|by|from|exceed\w*|for|on|in|using|like|as|via) (?:the |a |an )?(?:[a-z-]+ )?$",
                head,
            ):
                continue
            if best is None or self.is_own(mention.name) or mention.kind == "P" or best.kind == "V":
                best = mention
        if best is not None:
            return best
        own = [mention for mention in scene.within("P", sentence[0], start) if self.is_own(mention.name)]
        return own[-1] if own else None

    def _variant(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int) -> str | None:
        """Return the backbone or size that the number belongs to: right of it first, then left."""
        right = _AND_FOR.split(scene.shadow[end:next_start], maxsplit=1)[0]
        match = re.match(
            r"(?:[^;N]|N{1,6} ?x ?N{1,6}){0,90}?\b(?:with|using|for|on|of|on top of|when applied to|via|into|from|in) (?:(?:an?|the|our|only|just|single|standard|plain|vanilla|original|regular|larger|smaller|finetuned|pre-trained|larger-scale|same|D+-pretrained|[a-z-]+ed)[ -]){0,3}(V+)",
            right,
        )
        if match is not None:
            found = scene.at("V", end + match.start(1))
            if found is not None and not names.DETECTOR.search(found.name):
                return found.name
        shared = _SHARED_VARIANT.match(scene.shadow, next_start, sentence[1])
        if shared is not None and _COMPARED.search(scene.shadow, end, next_start):
            found = scene.at("V", shared.start(1))
            if found is not None:
                return found.name
        words = next(reversed(list(names.VARIANT_WORDS.finditer(scene.lower, sentence[0], start))), None) or names.VARIANT_WORDS.search(
            scene.lower, end, next_start
        )
        left = [m for m in scene.within("V", sentence[0], start) if not names.DETECTOR.search(m.name) and not self._is_title_model(m.name)]
        for mention in reversed(left):
            head = scene.shadow[max(sentence[0], mention.start - 40) : mention.start]
            if re.search(
                r"(?:than|over|to|vs\.?|outperform\w*|surpass\w*|exceed\w*|compared with|teacher|like) (?:the |a |an )?(?:[a-z-]+ ){0,2}$",
                head,
            ):
                continue
            return mention.name
        return words["variant"] if words else None

    def _quoted(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int) -> str | None:
        """Return the name of somebody else's model near its number, or the phrase that stands for it."""
        for low, high, pick in ((max(sentence[0], start - 70), start, -1), (end, min(next_start, end + 60), 0)):
            near = [m for kind in ("P", "V") for m in scene.within(kind, low, high) if not self.is_own(m.name)]
            if near:
                return sorted(near, key=lambda mention: mention.start)[pick].name
        before = scene.text[max(sentence[0], start - 90) : start]
        phrases = re.findall(
            r"(?:(?:previous|prior|former|existing|current|comparable|today's|earlier)(?: [A-Za-z-]+){0,2} (?:state-of-the-art|SOTA|best|methods?|models?|works?|approach(?:es)?|results?)"
            r"(?: methods?| models?| results?)?|(?:supervised |\w+ )?(?:baseline|counterpart)s?|human(?: performance| experts)?)",
            before,
        )
        return phrases[-1] if phrases else None
