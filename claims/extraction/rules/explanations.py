"""What every rule and every reason says, in a researcher's words: one phrase each, in which N stands for the number.

Ids are stored with what was read, so a phrase outlives its rule: an id that is released stays here, under `RETIRED`, when its rule goes.
"""

from __future__ import annotations

RULES: dict[str, str] = {
    # what the number is: a score, a difference, a ratio
    "score": "a score: nothing beside it makes it a difference or a ratio",
    "delta.better": "a difference: “higher by N”, “better by N” or the like stands before the number",
    "delta.by": "a difference: “by N” stands before the number",
    "delta.costs": "a difference: “costs N” or the like stands before the number, in the metric’s own unit",
    "delta.deviation": "a difference: “a deviation of N” or the like stands before the number",
    "delta.gain": "a difference: “gain”, “improvement”, “drop” or the like follows the number",
    "delta.gain_of": "a difference: “a gain of N”, “a drop of N” or the like stands before the number",
    "delta.gains": "a difference: “gains N”, “improves N” or the like stands before the number",
    "delta.gap_to": "a difference: “the gap to N” stands before the number",
    "delta.gain_is": "a difference: “the gap between … is N” or the like stands before the number",
    "delta.gives": "a difference: “adds N”, “contributes N” or the like stands before the number",
    "delta.higher": "a difference: “higher”, “better”, “above” or the like follows the number",
    "delta.improving": "a difference: “from the baseline” or “over the previous” follows the number",
    "delta.moves": "a difference: “rises N”, “lifts the accuracy N” or the like, without “to”, stands before the number",
    "delta.only_lower": "a difference: “drops only N”, “loses less than N” or the like stands before the number",
    "delta.outperforms_to": "a difference: “outperforms … up to N” stands before the number",
    "delta.paren": "a difference: the number stands in brackets behind a gain or a drop",
    "delta.points": "a difference: the number is in percentage points",
    "delta.points_over": "a difference: “over the baseline” or the like follows the number",
    "delta.sign": "a difference: a plus sign stands before the number",
    "delta.within": "a difference: “within N” stands before the number",
    "ratio.of_metric": "a ratio: “N of the accuracy”, “N of the performance” or the like",
    "ratio.relative": "a ratio: “relative” stands beside the number",
    "ratio.times": "a ratio: the number says how many times as much",
    "kind.continued": "of the same kind as the number before, whose list it goes on with",
    "cell.contradicted": "another value is stated for the same model, dataset, metric and setting: what tells them apart was not read",
    "list.unfit": "one of a list whose length fits no list of metrics or datasets beside it",
    "list.refers_back": "one of a list of differences as long as the list of scores before it, aligned with them in order",
    "pair.from": "where a change starts: “from N to …”",
    "pair.to": "where a change ends: “from … to N”",
    "pair.versus": "what the number before is compared with: “… vs. N”",
    # which metric
    "metric.after": "its metric stands right behind it",
    "metric.again": "its metric is that of the number at the same place of the list before",
    "metric.before": "its metric stands right before it",
    "metric.continued": "its metric is that of the number before, whose list it goes on with",
    "metric.default": "its metric is not said: it is the one that its dataset is usually measured in",
    "metric.left": "its metric stands earlier in the sentence",
    "metric.none": "no metric is in reach",
    "metric.right": "its metric stands later in the sentence",
    "metric.same_form": "its metric is that of a number before that is printed alike; it stands alone in brackets",
    "metric.solved": "a score: how many of a set were solved, answered or passed",
    "metric.topic": "its metric was named in an earlier sentence",
    # which dataset
    "dataset.after": "its dataset follows it",
    "dataset.in_phrase": "its dataset stands in the phrase of its metric",
    "dataset.left": "its dataset stands earlier in the sentence",
    "dataset.none": "no dataset is in reach",
    "dataset.parallel": "its dataset has the same place in its list as the number in its own",
    "dataset.right_far": "its dataset is the only one of the sentence, and stands later in it",
    "dataset.shared": "its dataset is that of the number after it, which shares its phrase",
    "dataset.topic": "its dataset was named in an earlier sentence",
    # whose number
    "owner.apposed": "the name right behind it says whose it is",
    "owner.backbone_subject": "the sentence is about a backbone, which the paper’s own method has here",
    "owner.behind": "a name in brackets right behind it says whose it is",
    "owner.main": "the sentence names no other model: it is the paper’s own",
    "owner.sized": "it is a size that stands right before the model’s name",
    "owner.subject": "the model is the subject of the sentence",
    "variant.list": "the sentence lists as many backbones or sizes as numbers, in the same order",
    "role.baseline": "somebody else’s: “baseline” stands before the number",
    "role.cited": "somebody else’s: a cited paper is the subject of the sentence",
    "role.chance": "somebody else’s: what guessing reaches",
    "role.competitor": "somebody else’s: “the best competitor” or the like is the subject",
    "role.counterpart": "somebody else’s: “counterpart” stands before the number",
    "role.evaluated": "somebody else’s: the paper measures the models of others",
    "role.even": "somebody else’s: “even the best” or the like leads to the number",
    "role.human": "somebody else’s: it is what people reach",
    "role.name_colon": "somebody else’s: it follows another model’s name and a colon",
    "role.name_paren": "somebody else’s: it stands in brackets behind another model’s name",
    "role.nobody": "somebody else’s: a bound that nobody reaches, as in “no model exceeds N”",
    "role.others_subject": "somebody else’s: the sentence is about existing or other methods",
    "role.outperforming": "somebody else’s: it is what “outperforming”, “surpassing” or the like leads to",
    "role.people": "somebody else’s: what experts, annotators or other people reach",
    "role.plain": "somebody else’s: a baseline, a counterpart or something “vanilla” is the subject",
    "role.possessive": "somebody else’s: another model’s name in the genitive stands before it",
    "role.previous": "somebody else’s: “previous best”, “existing methods” or the like stands before it",
    "role.provided_by": "somebody else’s: “achieved by” another model or “of the previous” follows the number",
    "role.record": "somebody else’s: “the record was N” or the like",
    "role.released": "somebody else’s: the subject is a released model, and nothing says that the paper’s method is put on it",
    "role.rival": "somebody else’s: its subject is not the paper’s own, which the same sentence names",
    "role.teacher": "somebody else’s: it is the teacher’s",
    "role.than": "somebody else’s: it follows “than” or “over”",
    "role.threshold": "the paper’s own: “surpassing N” states a bound that it passes",
    "role.which": "somebody else’s: “…, which reaches N” tells it of whom the paper compares with",
    "role.versus": "somebody else’s: “vs.”, “compared with” or the like stands before it",
    "person.added": "a person marked it: extraction had left it",
    "reader.second": "a second reader, a language model, filled in what the rules left open",
    # costs
    "cost.count": "a cost: what it counts follows the number, as in “N parameters”",
    "cost.less_data": "a cost: “N less data”, “N fewer labels” or the like",
    "cost.noun_of": "a cost: what it counts stands before the number, as in “a batch size of N”",
    "cost.ratio.by": "a cost’s ratio: a cost changes “by N” or “to N”",
    "cost.ratio.fewer": "a cost’s ratio: “N fewer”, “N lower” or the like before a cost",
    "cost.ratio.for": "a cost’s ratio: “N for”, “N in” or the like before a cost",
    "cost.ratio.of": "a cost’s ratio: “N of” or “N as much” before a cost",
    "cost.ratio.reduces_by": "a cost’s ratio: “reducing”, “saving” or the like with a cost stands before the number",
    "cost.ratio.reduction": "a cost’s ratio: a cost and “reduction”, “savings” or the like follow the number",
    "cost.ratio.reduction_in": "a cost’s ratio: “N reduction in” or the like before a cost",
    "cost.ratio.times": "a cost’s ratio: the cost itself follows the number",
    "cost.savings": "a cost’s ratio: “N cheaper”, “N cost savings” or the like",
    "cost.size": "a cost’s ratio: “N smaller”, “compressed by N” or the like",
    "cost.sized_model": "a cost: a size right before a kind of model, as in “a 7B model”",
    "cost.sized_name": "a cost: a size right before a model’s name or its weights",
    "cost.speed": "a cost’s ratio: “N faster”, “a speed-up of N” or the like",
    "cost.unit": "a cost: its unit, such as ms, GB or GPU hours, says what it is",
}
"""Why a number was taken as what it was, by the ids that a draft keeps."""

REASONS: dict[str, str] = {
    "citation": "the number of a citation",
    "condition": "a condition of the setting, such as the share of labels or the bits",
    "confidence_level": "the level of a confidence interval",
    "count": "counts things such as datasets, tasks, models or layers",
    "dataset_size": "counts what a dataset holds, such as images or pairs",
    "dimension": "a number of dimensions, as in “3D”",
    "formula": "part of a formula or a power, as in 10^5",
    "hyper_parameter": "a parameter of the method, such as a learning rate or a size",
    "link": "part of a link or an address",
    "negated": "what is said not to be reached",
    "no_metric": "no metric or cost in reach that it could be a value of",
    "operating_point": "fixes where another metric is read off, as in “at 1 % FPR”",
    "ordinal": "an ordinal number, as in “1st”",
    "out_of_bounds": "impossible for its metric or cost",
    "part_of_name": "part of a name, as in “ResNet-50” or “top-1”",
    "rank": "a rank, as in “top 10”",
    "repeated": "said before, or a bound that an exact number restates",
    "resolution": "an input resolution or another size in pixels",
    "section": "numbers an enumeration, a section, a figure or a step",
    "share": "a share of something that is no metric, as in “30 % of the cases”",
    "spread": "how far results lie apart, such as a standard deviation",
    "table": "one of too many numbers in one sentence, which is rather a table",
    "uncertainty": "the uncertainty of the number before it",
    "year": "a year",
}
"""Why a number is neither a claim nor a cost, by the ids of `UntakenNumber.reason`."""

PARTS = frozenset({"uncertainty"})
"""Reasons that say of a number that it belongs to another one: with that one it was taken, or left."""

RETIRED: dict[str, str] = {
    "ratio.retains": "a ratio: “retains N” or the like stands before the number",
}
"""Phrases of ids that earlier versions gave and that may still be stored."""


def explain(rule: str) -> str:
    """Return the phrase of a rule or a reason; an id without one, which another version gave, reads as it is spelled."""
    return RULES.get(rule) or REASONS.get(rule) or RETIRED.get(rule) or rule.replace("_", " ").replace(".", ": ")
