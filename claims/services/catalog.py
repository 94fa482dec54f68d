"""Writes the catalogue: loads the shipped files, and takes up names that a text brings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import slugify

from claims import keys
from claims.errors import CatalogueError
from claims.extraction import vocabulary as shipped
from claims.models import Alias, Area, Benchmark, Dataset, DatasetSplit, DefaultPrimary, DefaultTask, Metric, Paper, Task
from claims.services import search_names
from claims.services.rows import batches, insert_rows
from claims.terms import AliasKind

UNSPECIFIED_TASK = "Unspecified task"
"""The task of a benchmark whose text names none and whose dataset and metric are new."""

_POINT = re.compile(r"(?<=\d)\.(?=\d)")

_MODELS: dict[AliasKind, Any] = {
    AliasKind.TASK: Task,
    AliasKind.DATASET: Dataset,
    AliasKind.METRIC: Metric,
}


def make_slug(name: str, *, unique_by: str = "") -> str:
    """Return an address' word for a name: the same in whatever order names come in.

    Where letters are lost on the way ("SeiT++", Greek), or where `unique_by` tells equal names apart, a short hash follows.
    """
    plain = slugify(_POINT.sub("-", name))[:180].strip("-")  # "SQuAD 2.0" is squad-2-0
    if plain and not unique_by and keys.squash(plain) == keys.squash(name).replace(".", ""):
        return plain
    return "-".join(filter(None, [plain, keys.digest(keys.name_key(name), unique_by)[:8]]))


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many entries the shipped files hold, how many of them were new, and how many that were known differ now."""

    entries: int
    created: int
    changed: int


@transaction.atomic
def load_catalogue(vocabulary: shipped.Vocabulary) -> LoadReport:
    """Bring the shipped catalogue into the database; running it again changes nothing.

    An entry that a text has introduced already becomes the shipped one. An entry that somebody has changed since (its version
    has moved on) keeps its fields and its aliases; of any other a shipped alias goes over where a later version gives it to another
    entry, as when a dataset's variants become datasets of their own. Raises `CatalogueError` for an alias that names two entries.
    """
    loader = _Loader(vocabulary)
    areas = {
        name: Area.objects.update_or_create(name=name, defaults={"slug": slugify(name), "position": position})[0]
        for position, name in enumerate(dict.fromkeys(task.area for task in vocabulary.tasks if task.area))
    }
    tasks = {
        task.name: loader.entry(AliasKind.TASK, task.name, area=areas.get(task.area))
        for task in (*vocabulary.tasks, shipped.Task(name=UNSPECIFIED_TASK))
    }
    metrics = {
        metric.name: loader.entry(
            AliasKind.METRIC,
            metric.name,
            unit=metric.unit,
            direction=metric.direction,
            family=metric.family,
            lower_bound=metric.bounds[0],
            upper_bound=metric.bounds[1],
            default_task=tasks.get(metric.default_task),
        )
        for metric in vocabulary.metrics
    }
    for task in vocabulary.tasks:
        loader.update(tasks[task.name], primary_metric=metrics.get(task.primary_metric))
    datasets = {
        dataset.name: loader.entry(
            AliasKind.DATASET,
            dataset.name,
            single_label=dataset.single_label,
            default_task=tasks.get(dataset.default_task),
            default_metric=metrics.get(dataset.default_metric),
        )
        for dataset in vocabulary.datasets
    }
    splits: list[DatasetSplit] = []
    default_tasks: list[DefaultTask] = []
    primaries: list[DefaultPrimary] = []
    for dataset in vocabulary.datasets:
        entry = datasets[dataset.name]
        loader.update(entry, parent=datasets.get(dataset.parent))
        splits += (DatasetSplit(dataset=entry, name=split) for split in dataset.splits if entry.version == 1)
        default_tasks += (DefaultTask(dataset=entry, family=family, task=tasks[task]) for family, task in dataset.tasks)
        primaries += (DefaultPrimary(dataset=entry, task=tasks[task], metric=metrics[metric]) for task, metric in dataset.primary)
    DatasetSplit.objects.bulk_create(splits, ignore_conflicts=True)
    DefaultTask.objects.bulk_create(default_tasks, ignore_conflicts=True)
    DefaultPrimary.objects.bulk_create(primaries, ignore_conflicts=True)
    for kind, shipped_entries, found in (
        (AliasKind.TASK, vocabulary.tasks, tasks),
        (AliasKind.METRIC, vocabulary.metrics, metrics),
        (AliasKind.DATASET, vocabulary.datasets, datasets),
    ):
        for shipped_entry in shipped_entries:
            for text in shipped_entry.aliases:
                loader.alias(kind, text, found[shipped_entry.name], exact_case=False)
            for text in shipped_entry.exact_aliases:
                loader.alias(kind, text, found[shipped_entry.name], exact_case=True)
    loader.save_aliases()
    if loader.has_renamed:
        search_names.keep_datasets(dataset.pk for dataset in datasets.values())
    touch_boards(loader.changed)
    return LoadReport(entries=len(tasks) + len(metrics) + len(datasets), created=loader.created, changed=len(loader.changed))


def touch_boards(changed: Collection[tuple[type[Any], int]]) -> None:
    """Give the boards of changed tasks, datasets and metrics another version: what is kept of them says their old names and directions."""
    of: dict[type[Any], list[int]] = {Task: [], Dataset: [], Metric: []}
    for model, pk in changed:
        of[model].append(pk)
    shows = Q(task__in=of[Task]) | Q(dataset__in=of[Dataset]) | Q(primary_metric__in=of[Metric]) | Q(metrics__column__in=of[Metric])
    if changed:
        boards = list(Benchmark.objects.filter(shows).order_by("pk").values_list("pk", flat=True).distinct())
        for pks in batches(boards):
            touch(pks)


def touch(boards: Collection[int]) -> None:
    """Give boards another version: what is kept of them says what is so no longer."""
    Benchmark.objects.filter(pk__in=boards).update(version=F("version") + 1, changed=timezone.now())


class _Loader:
    """Finds entries by their aliases and writes only what differs: a second load is a few reads."""

    def __init__(self, vocabulary: shipped.Vocabulary) -> None:
        self._shipped = {
            AliasKind.TASK: vocabulary.task.keys(),
            AliasKind.DATASET: vocabulary.dataset.keys(),
            AliasKind.METRIC: vocabulary.metric.keys(),
        }
        self.created = 0
        self.changed: set[tuple[type[Any], int]] = set()
        self._new: set[tuple[type[Any], int]] = set()
        self._aliases = {(alias.kind, alias.key): alias for alias in Alias.objects.filter(scope="")}
        self._entries: dict[AliasKind, dict[int, Any]] = {kind: model._default_manager.in_bulk() for kind, model in _MODELS.items()}
        # Somebody may have given its very name up: the address is still that of the shipped name, and stays with it.
        self._renamed: dict[AliasKind, dict[str, Any]] = {
            kind: {entry.slug: entry for entry in entries.values() if entry.version > 1} for kind, entries in self._entries.items()
        }
        self._new_aliases: list[Alias] = []
        self.has_moved = False

    def entry(self, kind: AliasKind, name: str, **fields: Any) -> Any:
        renamed = self._renamed[kind].get(make_slug(name))
        if renamed is not None:
            return renamed
        alias = self._aliases.get((kind, keys.name_key(name)))
        if alias is not None and not self._is_split_off(kind, alias, name):
            entry = self._entries[kind][getattr(alias, f"{kind}_id")]
            # A name that a text introduced first becomes the shipped entry, with its name and address.
            if not entry.reviewed:
                fields |= {"name": name, "slug": make_slug(name), "reviewed": True}
                alias.reviewed = True
                alias.save(update_fields=["reviewed"])
            self.update(entry, **fields)
            return entry
        entry = _MODELS[kind]._default_manager.create(name=name, slug=make_slug(name), reviewed=True, **fields)
        self._entries[kind][entry.pk] = entry
        self.created += 1
        self._new.add((type(entry), entry.pk))
        self.alias(kind, name, entry, exact_case=False)
        return entry

    def update(self, entry: Any, **fields: Any) -> None:
        changed = [name for name, value in fields.items() if _differs(entry, name, value)]
        if changed and entry.version == 1:
            for name in changed:
                setattr(entry, name, fields[name])
            entry.save(update_fields=changed)
            if (type(entry), entry.pk) not in self._new:
                self.changed.add((type(entry), entry.pk))

    def alias(self, kind: AliasKind, text: str, entry: Any, *, exact_case: bool) -> None:
        key = keys.alias_key(text, exact_case=exact_case)
        known = self._aliases.get((kind, key))
        if entry.version > 1 and (known is None or getattr(known, f"{kind}_id") != entry.pk):
            return  # somebody said by which names it is known
        if known is None:
            alias = Alias(kind=kind, text=text, key=key, exact_case=exact_case, reviewed=True, **{kind.value: entry})
            self._aliases[kind, key] = alias
            self._new_aliases.append(alias)
        elif getattr(known, f"{kind}_id") != entry.pk and self._is_split_off(kind, known, entry.name):
            setattr(known, f"{kind}_id", entry.pk)
            known.save(update_fields=[kind.value])
            self.has_moved = True
        elif getattr(known, f"{kind}_id") != entry.pk and known.reviewed and self._entries[kind][getattr(known, f"{kind}_id")].version == 1:
            raise CatalogueError(f"The {kind} alias “{text}” of “{entry.name}” already names “{getattr(known, kind.value).name}”.")

    def _is_split_off(self, kind: AliasKind, alias: Alias, name: str) -> bool:
        """Say whether an alias that now belongs to `name` still stands with another shipped entry, which nobody has touched."""
        entry = self._entries[kind][getattr(alias, f"{kind}_id")]
        return bool(entry.reviewed and entry.version == 1 and entry.name != name and entry.name in self._shipped[kind])

    @property
    def has_renamed(self) -> bool:
        """Whether a name or an alias may be another now."""
        return bool(self._new or self.changed or self._new_aliases or self.has_moved)

    def save_aliases(self) -> None:
        names = ("kind", "text", "key", "exact_case", "reviewed", *(f"{kind}_id" for kind in _MODELS))
        insert_rows(Alias, [{name: getattr(alias, name) for name in names} for alias in self._new_aliases])


def _differs(entry: Any, name: str, value: Any) -> bool:
    """Say whether a field holds something else; of what it refers to only the id is looked at, which takes no query."""
    field = entry._meta.get_field(name)
    if not field.is_relation:
        return bool(getattr(entry, name) != value)
    return bool(getattr(entry, field.attname) != (value.pk if value is not None else None))


def read_vocabulary() -> shipped.Vocabulary:
    """Return the shipped vocabulary with the catalogue's reviewed aliases added."""
    vocabulary = shipped.load_vocabulary()
    known = {
        (kind, keys.alias_key(text, exact_case=exact))
        for kind, entries in (
            (AliasKind.TASK, vocabulary.tasks),
            (AliasKind.DATASET, vocabulary.datasets),
            (AliasKind.METRIC, vocabulary.metrics),
        )
        for entry in entries
        for text, exact in (
            (entry.name, False),
            *((alias, False) for alias in entry.aliases),
            *((alias, True) for alias in entry.exact_aliases),
        )
    }
    rows = Alias.objects.filter(reviewed=True, scope="").exclude(kind=AliasKind.MODEL).order_by("kind", "key")
    extra = [
        shipped.Alias(kind=AliasKind(kind), name=task or dataset or metric, alias=text, exact_case=exact)
        for kind, key, text, exact, task, dataset, metric in rows.values_list(
            "kind", "key", "text", "exact_case", "task__name", "dataset__name", "metric__name"
        )
        if (AliasKind(kind), key) not in known and (task or dataset or metric) != UNSPECIFIED_TASK
    ]
    return vocabulary.with_aliases(extra) if extra else vocabulary


def present_vocabulary() -> shipped.Vocabulary:
    """Return the vocabulary that texts are read with now: `read_vocabulary`, built again only when reviewed aliases change."""
    aliases = Alias.objects.filter(reviewed=True, scope="").order_by("pk")
    return _cached_vocabulary(tuple(aliases.values_list("kind", "key", "task_id", "dataset_id", "metric_id")))


@lru_cache(maxsize=1)
def _cached_vocabulary(aliases: tuple[object, ...]) -> shipped.Vocabulary:
    return read_vocabulary()


def resolve_names(kind: AliasKind, introductions: Mapping[str, tuple[Paper | None, str]], *, makes_tasks: bool = False) -> dict[str, Any]:
    """Return the catalogue entry for each name; a name that nothing answers to becomes a new, unreviewed entry.

    `introductions` maps a name to the paper that brings it (None for a table) and the sentence that it stands in. Tasks are never made
    of a text: an unknown one is left out, unless the caller `makes_tasks` of what a table names. A merged entry gives its root.
    """
    if not introductions:
        return {}
    # By exact case first: "IS" and "Is" may be two entries.
    spellings = {name: (keys.alias_key(name, exact_case=True), keys.name_key(name)) for name in introductions}
    found = _aliases_by_key(kind, [key for pair in spellings.values() for key in pair])
    makes = makes_tasks or kind is not AliasKind.TASK
    new = {key: name for name, (exact, key) in sorted(spellings.items()) if not {exact, key} & found.keys()} if makes else {}
    if new:
        model: Any = _MODELS[kind]
        # The key and not the spelling gives the address of what texts bring, which many workers read at once: it must not hang on which
        # spelling came first. A table's names are few, and kept as they are written.
        slugs = {key: make_slug(name if introductions[name][0] is None else key) for key, name in new.items()}
        model.objects.bulk_create(
            [
                model(
                    name=name[:300],
                    slug=slugs[key],
                    introduced_by=introductions[name][0],
                    introduced_in=introductions[name][1],
                )
                for key, name in sorted(new.items())
            ],
            ignore_conflicts=True,
        )
        made = {entry.slug: entry for some in batches(slugs.values()) for entry in model.objects.filter(slug__in=some)}
        Alias.objects.bulk_create(
            [Alias(kind=kind, text=name[:300], key=key, **{kind.value: made[slugs[key]]}) for key, name in sorted(new.items())],
            ignore_conflicts=True,
        )
        if kind is AliasKind.DATASET:
            search_names.keep_datasets([entry.pk for entry in made.values()], words=False)
        found |= _aliases_by_key(kind, list(new))
    return {name: entry.root() for name, (exact, key) in spellings.items() if (entry := found.get(exact) or found.get(key)) is not None}


def find_names(kind: AliasKind, names: Iterable[str]) -> set[str]:
    """Return those of the names that something answers to."""
    spellings = {name: {keys.alias_key(name, exact_case=True), keys.name_key(name)} for name in names}
    found = _aliases_by_key(kind, [key for pair in spellings.values() for key in pair]).keys()
    return {name for name, pair in spellings.items() if pair & found}


def resolve_task_paths(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Task]:
    """Return the task of each path, the widest first; what nothing answers to becomes a new, unreviewed task.

    The last name of a path alone says which task it is, unless nothing is known by it and by one before it something is: "Language
    modeling", "Word Level Models" is a task "Language Modelling: Word Level Models" of that one's area.
    """
    wanted = sorted(set(paths))
    # Only what is shipped or confirmed decides: what tables have brought must not make a difference to those that come after them.
    known = {
        name: task
        for name, task in resolve_names(AliasKind.TASK, {n: (None, "") for path in wanted for n in path}).items()
        if task.reviewed
    }
    names: dict[tuple[str, ...], str] = {}
    parents: dict[str, Task] = {}
    for path in wanted:
        above = next((place for place in range(len(path) - 2, -1, -1) if path[place] in known), None)
        if path[-1] in known or above is None:
            names[path] = path[-1]
        else:
            parent = known[path[above]]
            names[path] = ": ".join([parent.name, *path[above + 1 :]])[:300]
            parents[names[path]] = parent
    found = known | resolve_names(AliasKind.TASK, dict.fromkeys(names.values(), (None, "")), makes_tasks=True)
    for name, parent in parents.items():
        task = found[name]
        if task.area_id is None and not task.reviewed:
            Task.objects.filter(pk=task.pk, area__isnull=True).update(area=parent.area_id)
            task.area_id = parent.area_id
    return {path: found[name] for path, name in names.items()}


def resolve_dataset_paths(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Dataset]:
    """Return the dataset of each path: the whole, or a part of it such as ("SentEval", "MRPC"), whose name is "SentEval: MRPC"."""
    wanted = sorted(set(paths))
    names = {path[:length]: ": ".join(path[:length])[:300] for path in wanted for length in range(1, len(path) + 1)}
    found = resolve_names(AliasKind.DATASET, dict.fromkeys(names.values(), (None, "")))
    for path, name in names.items():
        part = found[name]
        if len(path) > 1 and part.parent_id is None and not part.reviewed and (whole := found[names[path[:-1]]]).pk != part.pk:
            Dataset.objects.filter(pk=part.pk, parent__isnull=True).update(parent=whole)
            part.parent_id = whole.pk
    return {path: found[names[path]] for path in wanted}


def _aliases_by_key(kind: AliasKind, wanted: Iterable[str]) -> dict[str, Any]:
    aliases = Alias.objects.filter(kind=kind, scope="").select_related(kind.value, f"{kind.value}__merged_into")
    return {alias.key: getattr(alias, kind.value) for keys_ in batches(wanted) for alias in aliases.filter(key__in=keys_)}
