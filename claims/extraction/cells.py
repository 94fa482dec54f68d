"""Which metric and dataset each number of a list stands for."""

from __future__ import annotations

from claims.extraction.scene import Mention

UNFIT = "list.unfit"
"""The rule of numbers in lists whose lengths don't fit."""
CONTRADICTED = "cell.contradicted"
"""The rule of scores of which the text states others for the same model, variant, dataset, metric and setting."""


def cells_of(
    index: int,
    count: int,
    metrics: list[Mention | None],
    datasets: list[Mention | None],
    *,
    datasets_inside: bool = False,
    told_apart: bool = False,
) -> tuple[list[tuple[Mention | None, Mention | None]], bool]:
    """Return the (metric, dataset) cells of the number at `index` of a list of `count`, and whether the lists fit.

    Equal lengths are zipped; two lists whose lengths multiply to `count` have the datasets outside; one number belongs to all
    its datasets; lists that fit nothing leave the dataset open. `datasets_inside`: the text lists the datasets as it does the
    inner numbers, "2.1/4.4 and 1.9/4.0 WER on A/B". `told_apart`: something else, as a list of variants, tells the numbers apart.
    """
    wide, long = len(metrics), len(datasets)
    if wide > 1 and long > 1 and wide * long == count:
        return [(metrics[index % wide], datasets[index // wide])], True
    metric = metrics[index] if wide == count else metrics[index % wide] if wide > 1 and count % wide == 0 else metrics[0]
    if long == 1:  # several numbers in one cell: what they differ in was not read
        return [(metric, datasets[0])], count in (1, wide) or told_apart
    if long == count:
        return [(metric, datasets[index])], True
    if count == 1 or wide == count:
        return [(metric, dataset) for dataset in datasets], True
    if count % long == 0 and wide == 1:
        if datasets_inside:
            return [(metric, datasets[index % long])], True
        return [(metric, datasets[index // (count // long)])], False
    return [(metric, None)], False
