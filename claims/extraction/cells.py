"""Which metric and dataset each number of a list stands for."""

from __future__ import annotations

from claims.extraction.scene import Mention


def cells_of(
    index: int, count: int, metrics: list[Mention | None], datasets: list[Mention | None]
) -> tuple[list[tuple[Mention | None, Mention | None]], float]:
    """Return the (metric, dataset) cells of the number at `index` of a list of `count`, and a factor for their confidence.

    Equal lengths are zipped; two lists whose lengths multiply to `count` have the datasets outside; one number belongs to all
    its datasets; lists that fit nothing leave the dataset open.
    """
    wide, long = len(metrics), len(datasets)
    if wide > 1 and long > 1 and wide * long == count:
        return [(metrics[index % wide], datasets[index // wide])], 1.0
    metric = metrics[index] if wide == count else metrics[index % wide] if wide > 1 and count % wide == 0 else metrics[0]
    if long == 1:
        return [(metric, datasets[0])], 1.0
    if long == count:
        return [(metric, datasets[index])], 1.0
    if count == 1 or wide == count:
        return [(metric, dataset) for dataset in datasets], 0.85
    if count % long == 0 and wide == 1:
        return [(metric, datasets[index // (count // long)])], 0.6
    return [(metric, None)], 0.5
