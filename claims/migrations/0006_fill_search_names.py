"""Fills the names that a search looks through with what the database holds already.

The services keep them from then on. How names are folded is spelled out here as it was then; `manage.py rebuild_search` makes all of
them anew.
"""

import re
import unicodedata

from django.db import migrations
from django.db.models import F

BATCH = 500
LONGEST_WORD = 40
ASCII_WORDS = re.compile(r"[a-z0-9](?:[a-z0-9]|\.(?=[0-9])(?<=[0-9]\.)|[+#])*")
APOSTROPHES = str.maketrans("", "", "'’ʼ")
COMPOUND = re.compile(r"[^\s-]+(?:-[^\s-]+)+")
DASHES = str.maketrans(dict.fromkeys("‐‑‒–−_/", "-"))


def words_of(text):
    folded = text.translate(APOSTROPHES)
    if folded.isascii():
        return ASCII_WORDS.findall(folded.lower())
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", folded).casefold())
    folded = unicodedata.normalize("NFC", "".join(c for c in folded if unicodedata.category(c) != "Mn"))
    if folded.isascii():
        return ASCII_WORDS.findall(folded)
    words, word = [], ""
    for place, c in enumerate(folded):
        if (
            c.isalnum()
            or (word and c in "+#")
            or (word and unicodedata.category(c) == "Mc")
            or (c == "." and word[-1:].isdigit() and folded[place + 1 : place + 2].isdigit())
        ):
            word += c
        elif word:
            words.append(word)
            word = ""
    return [*words, word] if word else words


def text_of(name, *, whole):
    words = words_of(name)
    joined = dict.fromkeys("".join(words_of(found)) for found in COMPOUND.findall(name.translate(DASHES)))
    if whole and len(words) > 1:
        joined["".join(words)] = None
    parts = [*words, "|", *(word for word in joined if word and word not in words)] if joined else words
    return f" {' '.join(parts)} "


def fill(apps, schema_editor):
    model = lambda name: apps.get_model("claims", name)  # noqa: E731
    # What others were merged into comes first: its own name is no alias.
    order = (F("merged_into").asc(nulls_first=True), "pk")
    write = Writer(model("SearchName"), model("SearchWord"))
    for pk, title, arxiv_id, root in (
        model("Paper").objects.order_by(*order).values_list("pk", "title", "arxiv_id", "merged_into").iterator(BATCH)
    ):
        write.add("paper", root or pk, title, alias=root is not None)
        write.add("paper", root or pk, arxiv_id, alias=True)
    aliases = {}
    for kind in ("ml_model", "dataset", "task"):
        column = "model" if kind == "ml_model" else kind
        aliases[kind] = {}
        found = model("Alias").objects.filter(kind=column, scope="").order_by("text", "pk")
        for pk, root, text in found.values_list(f"{kind}_id", f"{kind}__merged_into", "text"):
            aliases[kind].setdefault(root or pk, []).append(text)
    for table, kind, column in (("MLModel", "model", "ml_model"), ("Dataset", "dataset", "dataset")):
        for pk, name, root in model(table).objects.order_by(*order).values_list("pk", "name", "merged_into").iterator(BATCH):
            write.add(kind, root or pk, name, alias=root is not None)
        for pk, texts in aliases[column].items():
            for text in texts:
                write.add(kind, pk, text, alias=True)
    boards = model("Benchmark").objects.filter(merged_into__isnull=True).order_by("pk")
    for pk, task_id, task, dataset_id, dataset in boards.values_list("pk", "task_id", "task__name", "dataset_id", "dataset__name"):
        write.add("board", pk, f"{task} on {dataset}")
        for name in (dataset, *aliases["dataset"].get(dataset_id, ())):
            write.add("board", pk, f"{name} {task}", alias=True)
        for name in aliases["task"].get(task_id, ()):
            write.add("board", pk, f"{dataset} {name}", alias=True)
    write.flush()


class Writer:
    """Collects names, each once for an object and the own name before an alias of the same key, and writes them in batches."""

    def __init__(self, names, words):
        self.names, self.words = names, words
        self.rows = []

    def add(self, kind, object_id, name, *, alias=False):
        key = "".join(words_of(name))[:200]
        if not key:
            return
        row = self.names(
            kind=kind, object_id=object_id, name=name, key=key, words=text_of(name, whole=kind != "paper"), alias=alias
        )
        self.rows.append(row)
        if len(self.rows) >= BATCH:
            self.flush()

    def flush(self):
        self.names.objects.bulk_create(self.rows, ignore_conflicts=True)
        words = {w for row in self.rows for w in row.words.split() if 3 < len(w) <= LONGEST_WORD and not w[0].isdigit()}
        self.words.objects.bulk_create([self.words(word=f" {word} ") for word in sorted(words)], ignore_conflicts=True)
        self.rows = []


def empty(apps, schema_editor):
    apps.get_model("claims", "SearchName").objects.all().delete()
    apps.get_model("claims", "SearchWord").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("claims", "0005_search_names")]

    operations = [migrations.RunPython(fill, empty)]
