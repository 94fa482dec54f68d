"""Keeps the names that a search looks through in step with what they name.

Each function is part of its caller's transaction: whoever makes, renames or merges a paper, model, dataset, benchmark or alias
calls it there. What is merged into another lends it its names and has none of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q

from claims import keys
from claims.models import Alias, Benchmark, Claim, Dataset, MLModel, Paper, SearchName, SearchWord
from claims.services.rows import batches, insert_rows
from claims.terms import AliasKind, SearchKind

WORDS_AT_ONCE = 5000
"""Of so many names the words are collected before they are compared with those that are known."""
LONGEST_WORD = 40
"""Nobody misspells a longer word; it is an address or a formula."""


class _Row(NamedTuple):
    """A name as it is stored."""

    kind: SearchKind
    object_id: int
    name: str
    key: str
    words: str
    alias: bool


_Named = dict[int, list[tuple[str, bool]]]
"""The names of each object by its id: (name, whether it is an alias), the own name first."""


def add_papers(papers: Iterable[Paper]) -> None:
    """Add the names of papers that are new, without a look at what is there. Their words come later, by `add_words`."""
    _insert(_rows(SearchKind.PAPER, {paper.pk: _paper_names(paper.title, paper.arxiv_id) for paper in papers}))


def add_models(models: Iterable[MLModel]) -> None:
    """Add the names of models that are new or known already; merged ones are passed over. Their words come by `add_words`."""
    _insert(_rows(SearchKind.MODEL, {model.pk: [(model.name, False)] for model in models if model.merged_into_id is None}))


def add_words(paper_ids: Iterable[int], *, records: Iterable[int] = ()) -> None:
    """Add the words of papers, and of what they bring along, to those that a misspelt query is compared with; of tables' records, too.

    The last step of an ingest's transaction: workers that bring the same new word wait for each other from here on only, and each in
    the order of the words. That is why what ingest calls before leaves the words out.
    """
    wanted = set(paper_ids)
    brought = {
        SearchKind.PAPER: wanted,
        SearchKind.MODEL: MLModel.objects.filter(introduced_by__in=wanted).values("pk"),
        SearchKind.DATASET: Dataset.objects.filter(introduced_by__in=wanted).values("pk"),
        SearchKind.BOARD: Benchmark.objects.filter(results__paper__in=wanted).values("pk"),
    }
    of_these = reduce(or_, (Q(kind=kind, object_id__in=ids) for kind, ids in brought.items()))
    texts = list(SearchName.objects.filter(of_these).values_list("words", flat=True))
    for ids in batches(records):
        stated = Claim.objects.filter(source_record__in=ids).order_by()
        named = {
            SearchKind.MODEL: stated.values("ml_model"),
            SearchKind.DATASET: stated.values("dataset"),
            SearchKind.BOARD: stated.values("result__benchmark"),
        }
        for kind, objects in named.items():
            texts += SearchName.objects.filter(kind=kind, object_id__in=objects).values_list("words", flat=True)
    _add_words(texts)


def keep_papers(paper_ids: Iterable[int], *, words: bool = True) -> None:
    """Bring the names of papers up to date, whatever became of them; withdrawn ones have none."""
    texts: list[str] = []
    for ids in batches(paper_ids):
        # Their names would take the places of papers that readers may see among the nearest.
        withdrawn = set(Paper.objects.filter(pk__in=ids, withdrawn=True).values_list("pk", flat=True))
        named = {pk: names for pk, names in _of_roots(Paper, ids).items() if pk not in withdrawn}
        for pk, root, title, arxiv_id in _members(Paper, ids).values_list("pk", "merged_into", "title", "arxiv_id").order_by("pk"):
            _collect(named, pk, root, _paper_names(title, arxiv_id))
        texts += _replace(SearchKind.PAPER, ids, named)
    _add_words(texts if words else [])


def keep_models(model_ids: Iterable[int], *, words: bool = True) -> None:
    """Bring the names of models up to date: their own, their aliases', and those of what was merged into them.

    A model that withdrawn papers alone introduced has none.
    """
    texts: list[str] = []
    for ids in batches(model_ids):
        standing = _members(MLModel, ids).exclude(introduced_by__withdrawn=True).values_list("pk", "merged_into")
        roots = {root or pk for pk, root in standing}
        named = {pk: names for pk, names in _read_names(MLModel, AliasKind.MODEL, ids).items() if pk in roots}
        texts += _replace(SearchKind.MODEL, ids, named)
    _add_words(texts if words else [])


def keep_models_of(paper_ids: Iterable[int]) -> None:
    """Bring the names of the models that papers introduced up to date, when these leave or come back. Their words come by `add_words`."""
    for ids in batches(paper_ids):
        models = MLModel.objects.filter(introduced_by__in=ids).values_list("pk", "merged_into")
        keep_models((root or pk for pk, root in models), words=False)


def keep_datasets(dataset_ids: Iterable[int], *, words: bool = True) -> None:
    """Bring the names of datasets up to date, and with them those of their boards."""
    texts: list[str] = []
    for ids in batches(dataset_ids):
        texts += _replace(SearchKind.DATASET, ids, _read_names(Dataset, AliasKind.DATASET, ids))
        texts += _keep_benchmarks(Benchmark.objects.filter(dataset__in=ids).values_list("pk", flat=True))
    _add_words(texts if words else [])


def keep_benchmarks(benchmark_ids: Iterable[int], *, words: bool = True) -> None:
    """Bring the names of boards up to date.

    A board is called "task on dataset". That the dataset comes first, and every alias of task or dataset in its place, are
    aliases of the board.
    """
    texts = _keep_benchmarks(benchmark_ids)
    _add_words(texts if words else [])


def _keep_benchmarks(benchmark_ids: Iterable[int]) -> list[str]:
    texts: list[str] = []
    for ids in batches(benchmark_ids):
        boards = list(Benchmark.objects.filter(pk__in=ids, merged_into__isnull=True).select_related("task", "dataset"))
        datasets: _Named = defaultdict(list)
        _collect_aliases(datasets, AliasKind.DATASET, {board.dataset_id for board in boards})
        tasks: _Named = defaultdict(list)
        _collect_aliases(tasks, AliasKind.TASK, {board.task_id for board in boards})
        named: _Named = {}
        for board in boards:
            task, dataset = board.task.name, board.dataset.name
            sets = [dataset, *(alias for alias, _ in datasets[board.dataset_id])]
            named[board.pk] = [(f"{task} on {dataset}", False), *((f"{alias} {task}", True) for alias in sets)]
            named[board.pk] += [(f"{dataset} {alias}", True) for alias, _ in tasks[board.task_id]]
        texts += _replace(SearchKind.BOARD, ids, named)
    return texts


@transaction.atomic
def rebuild() -> int:
    """Make all names anew, and the words without those that no name holds any longer; return how many names there are."""
    SearchName.objects.all().delete()
    SearchWord.objects.all().delete()
    tables: tuple[tuple[Any, Callable[..., None]], ...] = ((Paper, keep_papers), (MLModel, keep_models), (Dataset, keep_datasets))
    # Batch by batch, the words, too: all names of a large site at once would fill the memory.
    for table, keep in tables:
        for ids in batches(table._default_manager.values_list("pk", flat=True)):
            keep(ids, words=False)
    for ids in batches(SearchName.objects.values_list("pk", flat=True), WORDS_AT_ONCE):
        _add_words(SearchName.objects.filter(pk__range=(ids[0], ids[-1])).values_list("words", flat=True))
    return SearchName.objects.count()


def _paper_names(title: str, arxiv_id: str) -> list[tuple[str, bool]]:
    return [(title, False), (arxiv_id, True)] if arxiv_id else [(title, False)]


def _read_names(model: Any, kind: AliasKind, ids: Sequence[int]) -> _Named:
    """Return the names of models or datasets: their own, those of what was merged into them, then their aliases."""
    named = _of_roots(model, ids)
    for pk, root, name in _members(model, ids).values_list("pk", "merged_into", "name").order_by("pk"):
        _collect(named, pk, root, [(name, False)])
    _collect_aliases(named, kind, ids)
    return named


def _of_roots(model: Any, ids: Sequence[int]) -> _Named:
    return {pk: [] for pk in model._default_manager.filter(pk__in=ids, merged_into__isnull=True).values_list("pk", flat=True)}


def _members(model: Any, ids: Sequence[int]) -> Any:
    return model._default_manager.filter(Q(pk__in=ids) | Q(merged_into__in=ids))


def _collect(named: _Named, pk: int, root: int | None, names: list[tuple[str, bool]]) -> None:
    """Give an object its names, or its root: the own names first, the merged ones' as aliases."""
    if root is None and pk in named:
        named[pk][:0] = names
    elif root in named:
        named[root or 0] += [(name, True) for name, _ in names]


def _collect_aliases(named: _Named, kind: AliasKind, ids: Collection[int]) -> None:
    column = "ml_model" if kind is AliasKind.MODEL else kind.value
    of_these = Q(**{f"{column}__in": ids}) | Q(**{f"{column}__merged_into__in": ids})
    found = Alias.objects.filter(of_these, kind=kind, scope="").order_by("text", "pk")
    for pk, merged_into, text in found.values_list(f"{column}_id", f"{column}__merged_into", "text"):
        owner = merged_into or pk
        if owner in ids:
            named.setdefault(owner, []).append((text, True))


def _rows(kind: SearchKind, named: _Named) -> list[_Row]:
    rows: dict[tuple[int, str], _Row] = {}
    for pk, names in named.items():
        for name, alias in names:
            key = keys.search_key(name)
            if key and (pk, key) not in rows:
                rows[pk, key] = _Row(kind, pk, name, key, keys.search_text(name, whole=kind is not SearchKind.PAPER), alias)
    return list(rows.values())


def _insert(rows: Sequence[_Row]) -> None:
    insert_rows(SearchName, [row._asdict() for row in rows])


def _add_words(texts: Iterable[str]) -> None:
    # A number is nobody's misspelling.
    words = {f" {word} " for text in texts for word in text.split() if 3 < len(word) <= LONGEST_WORD and not word[0].isdigit()}
    if connection.vendor == "sqlite":
        # Spares most of the inserts. PostgreSQL skips known words faster than it finds them: it would ask the trigram index.
        for some in batches(words):
            words.difference_update(SearchWord.objects.filter(word__in=some).values_list("word", flat=True))
    # In order, so that two workers that add the same words wait for each other in the same order.
    insert_rows(SearchWord, [{"word": word} for word in sorted(words)])


def _replace(kind: SearchKind, ids: Sequence[int], named: _Named) -> list[str]:
    """Let the objects have these names and no other; return the texts that are new. What is right already stays untouched."""
    present = {(row.object_id, row.key): row for row in SearchName.objects.filter(kind=kind, object_id__in=ids)}
    rows = _rows(kind, named)
    fresh: list[_Row] = []
    fresh_texts: list[str] = []
    for row in rows:
        known = present.pop((row.object_id, row.key), None)
        if known is None:
            fresh.append(row)
        elif (known.name, known.words, known.alias) != (row.name, row.words, row.alias):
            known.name, known.words, known.alias = row.name, row.words, row.alias
            known.save(update_fields=["name", "words", "alias"])
            fresh_texts.append(row.words)
    if present:
        SearchName.objects.filter(pk__in=[row.pk for row in present.values()]).delete()
    _insert(fresh)
    return fresh_texts + [row.words for row in fresh]
