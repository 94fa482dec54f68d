"""Whose number it is: the paper's own names, the subject of a sentence, backbones and quoted models."""
# ruff: noqa: E501 - a pattern stays on one line

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from claims.extraction.drafts import UNNAMED_MODEL
from claims.extraction.rules import costs, kinds, names
from claims.extraction.scene import Mention, Scene
from claims.terms import ClaimKind, Role

_AND_FOR = re.compile(r",? (?:and|while|whereas) (?:for|on|with|using)\b")


class Owner(NamedTuple):
    """Who scored: role, model (None where a quoted one has no name) and variant, with the ids of the rules that said so."""

    role: Role
    model: str | None
    variant: str | None
    rules: tuple[str, ...]


# "70.8% accuracy, surpassing CLIP's 68.3% on ViT-B models": the backbone is both numbers'
_SHARED_VARIANT = re.compile(r"N{1,8} (?:on|with|using) (?:an? |the )?(V+)(?: (?:models?|backbones?|architectures?))?(?=[.,;)]|$)")
_COMPARED = re.compile(r"surpass|outperform|exceed|compared (?:to|with)|\bvs\b|against")
_AGAINST = re.compile(
    r"outperform|surpass|exceed|beat|\bthan\b|\bover\b|versus|\bvs\b|compared (?:to|with)|against|while|whereas|\bmatch(?:es|ed|ing)?\b|on par with|(?:competitive|comparable) (?:to|with)|close to"
)
# "Swin-B obtains 83.5%, while our FooNet obtains 84.6%": who has a rival behind it
_OURS_FOLLOW = re.compile(
    rf"(?:\b(?:while|whereas|but|yet)\b|;)(?: that| with| on D+,?)? (?:our|we|the proposed)\b[^N;]{{0,60}}?\b(?:{names.ACHIEVE})\b|"
    rf"(?:\b(?:while|whereas|but|yet|and)\b|[;,])(?: that| with| on D+,?| our| the)? (?P<name>P+)(?: (?:at |with |only )?N|[^N;]{{0,60}}?\b(?:{names.ACHIEVE})\b)"
)
# "While GPT-4 reaches 86%, ours reaches": the contrast is said first
_OURS_FOLLOW_WHILE = re.compile(rf", (?:our|we|ours|the proposed)\b[^N;]{{0,60}}?\b(?:{names.ACHIEVE})\b")
_OPENS_CONTRAST = re.compile(r"\b(?:while|whereas|although|though) (?:the )?(?:[a-z-]+ ){0,2}$")
# "FooNet reaches 79%; GPT-4 reaches 86%"
_CONTRASTED = re.compile(r"N[^N]*(?:;|\b(?:while|whereas|but|yet)\b)[^N]*$")
# what says that a released model is used here, and not compared with: "fine-tuned", "with FooNet", "our"
_USED_BEFORE = re.compile(
    r"(?<!compared )\bwith\b|\b(?:using|via|through|by|upon|applied|lets?|after|under|fine-?tun\w*|train\w*|adapt\w*|prompt\w*|enabl\w*|allow\w*|mak\w+|help\w*|distill\w*|quanti[sz]\w*|prun\w*|compress\w*|steer\w*|improv\w*|equip\w*|attack\w*|jailbreak\w*|defen\w*)\b|-tuned\b|"
    r"\bours?\b(?! (?:[a-z-]+ )?(?:datasets?|benchmarks?|tests?|evaluations?|data|corpus|D))"
)
_USED_BEHIND = re.compile(
    r"\b(?:with|using|via|through|by|under|after|when) (?:the |an? )?(?:[a-z-]+ ){0,2}(?:our|proposed|fine-?tun\w*|train\w*|P+)|\b(?:fine-?tuned|trained|equipped|prompted|adapted|augmented|enhanced|combined|distilled|quanti[sz]ed|pruned|compressed)\b"
)
_USES = re.compile(
    r"\b(?:fine-?tun\w+|train\w*|adapt\w*|distill\w*|prompt\w*|using|based on|built (?:up)?on|build (?:up)?on|on top of|integrat\w+|appl\w+ (?:it |this )?(?:to|on)|into) (?:the |an? |both )?(?:[a-z-]+ ){0,3}$"
)
# what stands right before a name that is compared with, or used: the result is not its own
_NO_SUBJECT = re.compile(
    r"\b(?:than|over|to|with|of|vs\.?|outperform\w*|surpass\w*|by|from|exceed\w*|for|on|in|using|like|as|via) (?:the |a |an )?(?:[a-z-]+ )?$"
)
_NO_VARIANT = re.compile(
    r"\b(?:than|over|to|(?<!such )as|vs\.?|outperform\w*|surpass\w*|exceed\w*|compared with|teacher|like|ahead of|instead of|on par with|competitive with|against|match(?:es|ed|ing)?|unlike) (?:the |a |an )?(?:[a-z-]+ ){0,4}$"
)
_RANKED = re.compile(r"\b(?:followed|behind|trailed)\b")
_WHILE = re.compile(r"(?:while|whereas) (?:the )?$")
_OTHER_FOLLOWS = re.compile(
    rf"N[^N]*\b(?:our|we|ours|the proposed)\b[^N;]*\b(?:{names.ACHIEVE})\b|N[^N]*(?:\b(?:while|whereas|but|yet|and)\b|[;,])(?: that| on D+,?| our| the)? P+ (?:[a-z]+ly )?(?:{names.ACHIEVE})\b"
)
# "BERT is 3x larger than our 38M model"
_LONGEST_SIZED = 9  # " variant"
_COMPARED_SIZE = re.compile(r"\b(?:than|over|against|vs\.?|versus|compared (?:to|with)) $")
_OURS_TAKE_OVER = re.compile(
    rf"N[^N]*\b(?:ours|(?:our|the proposed) (?:[a-z-]+ ){{0,4}}?(?:{names.ACHIEVE})|we (?:[a-z]+ly )?(?:{names.ACHIEVE}))\b"
)
# "81.5% (vs. 79.9% of BarNet)"
_OF_NAME = re.compile(r"(?: ?M+)? (?:of|for|by|from) (?:the )?(?P<name>[PV]+)(?![a-z-])")
# "BarNet obtains 47.1 AP, FooNet 49.3 AP"
_NAME_BESIDE = re.compile(r" (?:at |with |only |even )?\(?$")
_IN_BRACKETS = re.compile(r" ?(?:M+ ?)?\((?:with |using )?(?P<name>[PV][PV]*)(?: N+)?\)")
_PLAIN_IN_BRACKETS = re.compile(r" ?M+ ?\((?P<name>[a-z][a-z]{3,}-[a-z0-9.]{2,}|[a-z]{4,}[ -](?:tiny|small|base|medium|large|xl))\)")
# "..., with a ViT-B backbone": the number's own, right of it
_WITH_NAMED = re.compile(
    r"(?: M+)? (?:with|using) (?:an? |the )?(?P<name>P+)(?: (?:backbones?|encoders?|decoders?|features?|models?))?(?=[.,;)]| and |$)"
)
_ON_VARIANT = re.compile(
    r"(?:[^;N]|(?>N{1,12}(?: ?[x/] ?N{1,12})+)){0,90}?\b(?:(?<!par )(?<!compared )(?<!competitive )(?<!comparable )with|using|for|on|(?<!ahead )(?<!instead )(?<!that )(?<!those )(?<!more )(?<!short )(?<!improvement )of|on top of|when applied to|via|into|from|in) (?:(?:an?|the|our|only|just|single|standard|plain|vanilla|original|regular|larger|smaller|finetuned|pre-trained|larger-scale|same|D+-pretrained|D+|[a-z-]+ed)[ -]){0,3}(V+)"
)


class OwnerFinder:
    """Find the owners of numbers in the texts of one paper. `evaluates`: the paper measures the models of others."""

    def __init__(self, own: tuple[str, ...], title: str, *, evaluates: bool = False) -> None:
        self._own = own
        self._evaluates = evaluates
        self._keys = tuple(name.lower() for name in own)
        self._known_as_own: dict[str, bool] = {}
        self._title = title

    @cached_property
    def _title_words(self) -> set[str]:
        return {word.lower().strip("?!.,:") for word in self._title.split() if len(word) >= 5 and any(map(str.isdigit, word))}

    def is_own(self, name: str) -> bool:
        """Say whether `name` is the paper's own name, or one made from it ("TinyNet-E" of "TinyNet")."""
        known = self._known_as_own.get(name)
        if known is None:
            known = self._known_as_own[name] = self._is_own(name)
        return known

    def _is_own(self, name: str) -> bool:
        lowered = name.lower()
        for key in self._keys:
            if lowered == key or lowered.rstrip("s") == key.rstrip("s"):
                return True
            if lowered.startswith(key) and len(key) > 2 and not lowered[len(key)].isalpha():
                return True
        return False

    def _is_made_from_own(self, name: str) -> bool:
        return any(map(str.isupper, name[-2:])) and name.lower() not in self._keys

    def find(
        self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int, kind: ClaimKind, clause: tuple[int, int]
    ) -> Owner:
        """Return the owner of the number group at [start, end); `next_start` is where the next number begins."""
        role, rule = self.role(scene, sentence, start, end, kind)
        subject = self._subject(scene, sentence, start)
        if role is Role.BASELINE:
            said = subject.name if subject is not None and subject.kind == "P" and rule == "role.others_subject" else None
            # "FooNet makes fewer errors (4.6% vs. 5.3%)": who scored the first does not score the second
            scorer = subject.name if subject is not None and rule == "role.versus" else ""
            return Owner(role, said or self._quoted(scene, sentence, start, end, next_start, scorer), None, (rule,))
        behind = self._behind(scene, end, next_start)
        if behind is not None and behind.kind == "P":
            subject = behind
        if subject is not None and names.CITED.fullmatch(subject.name) and kind is ClaimKind.ABSOLUTE:
            return Owner(Role.BASELINE, subject.name, None, ("role.cited",))
        if (
            subject is not None
            and (subject.kind == "P" or kinds.SOLVES.search(scene.lower, subject.end, start))
            and self._is_rival(scene, sentence, subject)
            and kind is ClaimKind.ABSOLUTE
        ):
            return Owner(Role.BASELINE, subject.name, None, ("role.rival",))
        if kind is ClaimKind.ABSOLUTE and subject is not None and self._is_others_subject(scene, sentence, subject, start, end, next_start):
            return Owner(Role.BASELINE, subject.name, None, ("role.released" if names.RELEASED.match(subject.name) else "role.rival",))
        if self._evaluates and kind is ClaimKind.ABSOLUTE and not kinds.OUR_METHOD.search(scene.lower, sentence[0], start):
            named = subject.name if subject is not None else self._quoted(scene, sentence, start, end, next_start)
            return Owner(Role.BASELINE, named, None, ("role.evaluated",))
        variant = behind.name if behind is not None and behind.kind == "V" else self._variant(scene, sentence, start, end, next_start)
        rules = ["owner.behind" if subject is behind else "owner.subject"] if subject else []
        if subject is not None and subject.kind == "V" and not names.CLASSIC.match(subject.name):
            if not self._is_title_model(subject.name):
                return Owner(role, self._main(), variant or subject.name, ("owner.backbone_subject",))
        elif subject is None:
            rules = ["owner.main"]
        model = subject.name if subject is not None else self._main()
        if subject is not None:
            size = names.SIZE_AFTER_NAME.match(scene.lower[subject.end : subject.end + 20])
            variant = size["variant"] if size else variant
            # "our largest model FooNet-H": the name says which
            if size is None and variant is not None and self._is_made_from_own(subject.name) and names.VARIANT_WORDS.fullmatch(variant):
                variant = None
        if variant is not None and variant.lower() == model.lower():
            variant = None
        return Owner(role, model, variant, tuple(rules))

    def _is_rival(self, scene: Scene, sentence: tuple[int, int], subject: Mention) -> bool:
        """Say whether a name that is not the paper's own scores beside one that is: "FooNet achieves 80%, while BarNet reaches 75%"."""
        if self.is_own(subject.name):
            return False
        before = scene.lower[sentence[0] : subject.start]
        if _WHILE.search(before) and kinds.OURS.search(before):
            return True
        return any(self.is_own(mention.name) for mention in scene.within("P", sentence[0], subject.start))

    def _is_others_subject(self, scene: Scene, sentence: tuple[int, int], subject: Mention, start: int, end: int, next_start: int) -> bool:
        """Say whether a backbone or a released model stands for itself: "GPT-4 achieves 86%", "Swin-B has 83%, while our model has 84%"."""
        if self.is_own(subject.name) or self._is_title_model(subject.name) or names.CLASSIC.match(subject.name):
            return False
        before, between = scene.shadow[sentence[0] : subject.start], scene.shadow[subject.end : start]
        own = next(reversed([m for m in scene.within("P", sentence[0], subject.start) if self.is_own(m.name)]), None)
        if own is not None and "N" not in between and self._is_contrasted(scene, sentence, own, subject):
            return True
        if _USED_BEFORE.search(before) or _USED_BEHIND.search(between) or self._own_in(scene, sentence[0], start):
            return False
        behind = scene.shadow[end : sentence[1]]
        for follows in _OURS_FOLLOW.finditer(behind):
            named = scene.at("P", end + follows.start("name")) if follows["name"] else None
            if not follows["name"] or (named is not None and self.is_own(named.name)):
                return True
        if _OPENS_CONTRAST.search(before) and _OURS_FOLLOW_WHILE.search(behind):
            return True
        if (
            not names.RELEASED.match(subject.name)
            or _USED_BEHIND.search(scene.shadow, end, next_start)
            or self._own_in(scene, end, next_start)
        ):
            return False
        return not any(
            mention.name == subject.name and _USES.search(scene.shadow[max(0, mention.start - 60) : mention.start])
            for kind in "PV"
            for mention in scene.mentions[kind]
        )

    def _is_contrasted(self, scene: Scene, sentence: tuple[int, int], own: Mention, backbone: Mention) -> bool:
        """Say whether a backbone scores beside a name before it, and is none that it was put on: "FooNet has 79%; GPT-4 has 86%"."""
        if scene.within("V", sentence[0], backbone.start):
            return False
        return _CONTRASTED.search(scene.shadow, own.end, backbone.start) is not None

    def _own_in(self, scene: Scene, low: int, high: int) -> bool:
        return any(self.is_own(mention.name) for mention in scene.within("P", low, high))

    def _behind(self, scene: Scene, end: int, next_start: int) -> Mention | None:
        """Return the name alone in brackets right behind a number: "37.0% WER (FooNet-L) and 38.0% (BarNet)"."""
        match = _IN_BRACKETS.match(scene.shadow, end, next_start)
        if match is not None:
            return scene.at("P", match.start("name")) or scene.at("V", match.start("name"))
        plain = _PLAIN_IN_BRACKETS.match(scene.shadow, end, next_start)
        if plain is None:
            return None
        name = scene.text[plain.start("name") : plain.end("name")]
        if not name[0].isupper() or name.isupper() or name.lower() in names.NOT_A_MODEL:
            return None
        return Mention("P", name, plain.start("name"), plain.end("name"))

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
        subject = self._subject(scene, sentence, start)
        if role is Role.BASELINE:
            versus = rule == "pair.versus"
            rival = self._rival(scene, sentence, start) if versus else None
            scorer = subject.name if subject is not None and versus else ""
            quoted = rival or self._quoted(scene, sentence, start, end, next_start, scorer)
            return Owner(role, quoted or ("baseline" if rule == "pair.from" else None), None, (rule,))
        name = subject.name if subject is not None and subject.kind == "P" else self._main()
        return Owner(role, name, self._variant(scene, sentence, start, end, next_start), (*owner.rules, rule))

    def role(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, kind: ClaimKind) -> tuple[Role, str]:
        """Return the role of a number and the rule that decided it."""
        before = scene.shadow[sentence[0] : start]
        after = scene.shadow[end : sentence[1]]
        possible = scene.cues(*sentence).between(sentence[0], start)
        if kind is ClaimKind.ABSOLUTE:
            if "nobody" in possible and kinds.NOBODY.search(before):
                return Role.BASELINE, "role.nobody"
            if "role.threshold" in possible and kinds.THRESHOLD_BEFORE.search(before):
                return Role.PROPOSED, "role.threshold"
            for rule, pattern in kinds.BASELINE_BEFORE:
                match = pattern.search(before) if rule in possible else None
                if match is None:
                    continue
                if rule in ("role.possessive", "role.name_paren", "role.name_colon"):
                    at = sentence[0] + match.start() + (rule == "role.name_colon")
                    owner = scene.at("P", at) or (scene.at("V", at) if rule != "role.name_colon" else None)
                    if (rule == "role.possessive" and "'" not in match.group()) or owner is None or self.is_own(owner.name):
                        continue
                    # "of the size of ResNet50 (21.5M parameters)" says nothing of ResNet50's own score
                    listed = names.RELEASED.match(owner.name) and _RANKED.search(before[-90:])
                    if owner.kind == "V" and rule == "role.name_paren" and not listed and not _AGAINST.search(before[-90:]):
                        continue
                return Role.BASELINE, rule
            for rule, pattern in kinds.BASELINE_SUBJECT:
                match = pattern.search(before) if rule in possible else None
                if match is not None and not (rule == "role.people" and kinds.AIDED.search(before, 0, match.start())):
                    return Role.BASELINE, rule
            if "plain_model" in possible and self._own and kinds.PLAIN_MODEL.search(before) and not self._own_in(scene, sentence[0], start):
                return Role.BASELINE, "role.plain"
            if kinds.BASELINE_AFTER.match(after):
                return Role.BASELINE, "role.provided_by"
            even = kinds.EVEN.search(before) if "role.even" in possible else None
            name = scene.at("P", sentence[0] + even.start("name")) or scene.at("V", sentence[0] + even.start("name")) if even else None
            if name is not None and not self.is_own(name.name):
                return Role.BASELINE, "role.even"
        inline = kinds.OTHERS_INLINE.search(before) if "others_inline" in possible else None
        # "We focus on a subset, where today's best models achieve 97%": what "we" do before it changes nothing
        others = kinds.OTHERS_SUBJECT.match(before)
        if (others and not kinds.OURS.search(before) and not kinds.TAKEN_OVER.search(before, others.end())) or (
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
        for match in names.SUBJECT.finditer(before) if "P" in before or "V" in before else ():
            position = sentence[0] + match.start("name")
            mention = scene.at("P", position) or scene.at("V", position)
            if mention is None:
                continue
            head = scene.shadow[max(sentence[0], position - 30) : position]
            if _NO_SUBJECT.search(head):
                continue
            if (
                best is None
                or self.is_own(mention.name)
                or mention.kind == "P"
                or best.kind == "V"
                or self._is_contrasted(scene, sentence, best, mention)
            ):
                best = mention
        if best is not None and not self.is_own(best.name) and _OURS_TAKE_OVER.search(scene.shadow, best.end, start):
            best = None  # "GPT-4 achieves 86.4%, but our smaller model still reaches"
        beside = next(reversed(scene.within("P", max(sentence[0], start - 60), start)), None) if self._own else None
        if beside is not None and self.is_own(beside.name) and _NAME_BESIDE.match(scene.shadow[beside.end : start]):
            return beside
        if best is not None:
            return best
        opening = names.OPENING_SUBJECT.match(before)
        if opening is not None:
            return scene.at("P", sentence[0] + opening.start("name"))
        own = [mention for mention in scene.within("P", sentence[0], start) if self.is_own(mention.name)]
        return own[-1] if own else None

    def _variant(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int) -> str | None:
        """Return the backbone or size that the number belongs to: right of it first, then left.

        A size that stands beside others is the one that it is part of: "the 405B model ... and the 8B model".
        """
        cues = scene.cues(*sentence).all()
        is_sized = "variant" in cues and "variant_size" in cues
        around = (
            names.VARIANT_WORDS.search(scene.lower, max(sentence[0], start - 5), min(end + _LONGEST_SIZED, sentence[1]))
            if is_sized
            else None
        )
        if around is not None and around.start("variant") <= start and end < around.end():
            several = len({words["variant"] for words in names.VARIANT_WORDS.finditer(scene.lower, *sentence)}) > 1
            if several or _COMPARED_SIZE.search(scene.lower, sentence[0], around.start()):
                return around["variant"]
        right = scene.shadow[end:next_start]
        if "V" in right or "P" in right:  # few numbers have a name between them and the next
            right = _AND_FOR.split(right, maxsplit=1)[0]
        match = _ON_VARIANT.match(right) if "V" in right else None
        if match is not None:
            found = scene.at("V", end + match.start(1))
            if found is not None and not names.DETECTOR.search(found.name):
                return found.name
        named = _WITH_NAMED.match(right) if "P" in right else None
        other = scene.at("P", end + named.start("name")) if named is not None else None
        if other is not None and not self.is_own(other.name):
            return other.name
        shared = _SHARED_VARIANT.match(scene.shadow, next_start, sentence[1]) if scene.mentions["V"] else None
        if shared is not None and _COMPARED.search(scene.shadow, end, next_start):
            found = scene.at("V", shared.start(1))
            if found is not None:
                return found.name
        left = [m for m in scene.within("V", sentence[0], start) if not names.DETECTOR.search(m.name) and not self._is_title_model(m.name)]
        for mention in reversed(left):
            if self._scores_itself(scene, mention, start):
                continue
            head = scene.shadow[max(sentence[0], mention.start - 70) : mention.start]
            if _NO_VARIANT.search(head):
                continue
            return mention.name
        if "variant" not in cues:
            return None
        high = min(end + 80, next_start)  # what stands behind the next number is that one's
        tail = scene.shadow.find(",", end, high)
        words = None
        if is_sized:
            words = next(reversed(list(names.VARIANT_WORDS.finditer(scene.lower, sentence[0], start))), None) or names.VARIANT_WORDS.search(
                scene.lower, end, tail if tail >= 0 else high
            )
        if words is None and not self._own:
            words = names.OUR_KIND.search(scene.lower, sentence[0], start)
        return words["variant"] if words else None

    def _scores_itself(self, scene: Scene, mention: Mention, start: int) -> bool:
        """Say whether a backbone before the number at `start` has a number of its own, and another subject stands between."""
        between = scene.shadow[mention.start : start]
        return names.SUBJECT.match(between) is not None and _OTHER_FOLLOWS.search(between) is not None

    def _quoted(self, scene: Scene, sentence: tuple[int, int], start: int, end: int, next_start: int, scorer: str = "") -> str | None:
        """Return the name of somebody else's model near its number, which is not `scorer`'s, or the phrase that stands for it."""
        after = names.OTHERS_AFTER.match(scene.text, end, next_start)
        if after is not None:
            return after["name"].strip()
        behind = _OF_NAME.match(scene.shadow, end, next_start)
        if behind is not None:
            mention = scene.at("P", behind.start("name")) or scene.at("V", behind.start("name"))
            if mention is not None and mention.name != scorer and not self.is_own(mention.name):
                return mention.name
        low = max(sentence[0], start - 110)
        before = scene.text[low:start]
        if low > sentence[0]:  # whole words only
            low += len(before) - len(before.partition(" ")[2])
            before = before.partition(" ")[2]
        compared = next(reversed(list(names.COMPARED_WITH.finditer(before))), None)
        named = [mention for mention in self._named(scene, max(sentence[0], start - 70), start) if mention.name != scorer]
        phrase = None
        if scene.says(names.OTHERS_WORDS, low, start):
            others = names.OTHERS if scene.says(names.OTHERS_LED, low, start) else names.OTHERS_PLAIN
            phrase = next(reversed(list(others.finditer(before))), None)
        if named and (phrase is None or low + phrase.end() <= named[-1].end):
            return named[-1].name
        if compared is not None and compared.end() >= len(before) - 4:
            return compared["name"].strip()
        if phrase is not None:
            apposed = names.APPOSED.match(before, phrase.end())
            return apposed["name"] if apposed is not None else phrase.group().strip()
        named = self._named(scene, end, min(next_start, end + 60))
        if named:
            return named[0].name
        rival = self._rival(scene, sentence, start)
        if rival is not None:
            return rival
        state = names.STATE.search(scene.text, sentence[0], start)
        return state.group() if state is not None else None

    def _rival(self, scene: Scene, sentence: tuple[int, int], start: int) -> str | None:
        """Return whom the sentence compares with before `start`, None if it says nobody that is not the paper's own."""
        found = [match["name"].strip() for match in names.RIVAL.finditer(scene.text, sentence[0], start)]
        return next((name for name in reversed(found) if not self.is_own(name)), None)

    def _named(self, scene: Scene, low: int, high: int) -> list[Mention]:
        """Return the names of others in [low, high), in the order of the text."""
        near = [
            m
            for kind in ("P", "V")
            for m in scene.within(kind, low, high)
            if not self.is_own(m.name) and not (kind == "V" and names.DETECTOR.search(m.name))
        ]
        return sorted(near, key=lambda mention: mention.start)
