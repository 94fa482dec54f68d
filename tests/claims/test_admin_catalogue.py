"""Editing, confirming, exporting and importing the catalogue in the admin: through change sets that can be undone, and by whom."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from claims import keys, verification
from claims.admin import exchange
from claims.models import Alias, Benchmark, ChangeSet, Dataset, Decision, Metric, MLModel, SearchName, Task
from claims.services import changes, entries, permissions
from tests import factories as make

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(make.make_member("ada", "administrator", is_staff=True))
    return client


def make_catalogue() -> Dataset:
    """A board with its task, dataset and metric, and names that are awkward in a file."""
    board = make.make_board(2)
    part = Dataset.objects.create(
        name="=HYPERLINK(1)", slug="hyper", parent=board.dataset, description="Two\nlines; “and” more, <b>", reviewed=True
    )
    for kind, entry in (("dataset", part), ("dataset", board.dataset), ("task", board.task), ("metric", board.primary_metric)):
        assert entry is not None
        Alias.objects.get_or_create(
            kind=kind, key=keys.name_key(entry.name), defaults={"text": entry.name, kind: entry, "reviewed": entry.reviewed}
        )
    entries.edit(part, {"aliases": ["'=quoted", "-minus", "x,y;z"], "exact_aliases": ["IS"], "splits": ["val"]}, actor="x", version=1)
    return part


def send(client: Client, kind: str, content: bytes, name: str = "file.csv") -> Any:
    return client.post(reverse(f"admin:claims_{kind}_import"), {"file": SimpleUploadedFile(name, content)})


def confirm(client: Client, kind: str, shown: Any) -> str:
    sent = client.post(reverse(f"admin:claims_{kind}_import"), {"confirm": "1", "digest": shown.context["digest"]}, follow=True)
    return sent.content.decode()


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
@pytest.mark.parametrize("kind", ["task", "dataset", "metric"])
def test_what_goes_out_comes_in_and_changes_nothing(administrator: Client, kind: str, form: str) -> None:
    make_catalogue()
    exported = administrator.get(reverse(f"admin:claims_{kind}_export"), {"format": form})
    acts = ChangeSet.objects.count()
    shown = send(administrator, kind, exported.content, f"all.{form}")
    assert shown.status_code == 200
    assert (shown.context["plan"].changes, shown.context["plan"].faults) == ([], [])
    assert shown.context["plan"].unchanged == entries.TABLES[kind]._default_manager.count()
    assert "It changes nothing" in shown.content.decode()
    assert ChangeSet.objects.count() == acts


def test_spreadsheets_compute_nothing_of_an_export(administrator: Client) -> None:
    make_catalogue()
    address = reverse("admin:claims_dataset_export")
    assert "'=HYPERLINK(1)" in administrator.get(address, {"format": "csv"}).content.decode()
    book = openpyxl.load_workbook(io.BytesIO(administrator.get(address, {"format": "xlsx"}).content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.value[0] in "=+-@"]


def test_import_is_shown_then_done_then_undone(administrator: Client) -> None:
    part = make_catalogue()
    board = Benchmark.objects.get()
    before = (board.version, entries.read_state(part))
    content = (
        "slug;name;parent;aliases;reviewed;splits\n"
        'hyper;Hyper Set;new-one;"=HYPERLINK(1)\nHyperspace";yes;"val\ntest"\n'
        f"new-one;A New One;{board.dataset.slug};;yes;\n"
    ).encode()
    shown = send(administrator, "dataset", content)
    page = shown.content.decode()
    assert "1 new, 1 changed, 0 as they are." in page
    assert "Hyperspace" in page
    assert Dataset.objects.filter(slug="new-one").count() == 0, "nothing is written yet"
    assert "2 datasets were imported." in confirm(administrator, "dataset", shown)
    part.refresh_from_db()
    new = Dataset.objects.get(slug="new-one")
    assert (part.name, part.parent, part.version, new.parent, new.reviewed) == ("Hyper Set", new, 3, board.dataset, True)
    assert entries.read_state(part)["aliases"] == ["=HYPERLINK(1)", "Hyperspace"]
    assert SearchName.objects.filter(kind="dataset", object_id=part.pk, name="Hyperspace").exists()
    act = ChangeSet.objects.latest("pk")
    assert (act.action, act.actor, act.reason, act.decisions.count()) == ("import", "ada", "From file.csv.", 2)
    log = administrator.get(act.get_absolute_url()).content.decode()
    assert "Imported 2\u00a0datasets" in log
    assert "Hyper Set" in log
    administrator.post(reverse("undo", args=[act.public_id]))
    part.refresh_from_db()
    new.refresh_from_db()
    assert entries.read_state(part) == before[1]
    assert (new.reviewed, Alias.objects.filter(dataset=new).count()) == (False, 0), "kept, and found by no name"
    board.refresh_from_db()
    back = ChangeSet.objects.latest("pk")
    assert back.undoes == act
    ada, curator = User.objects.get(username="ada"), make.make_member("cleo", "curator")
    for change_set in (act, back):
        assert permissions.may_undo(ada, change_set)
        assert not permissions.may_undo(curator, change_set), "to take the undo back would import the file again"


def test_file_that_was_shown_is_refused_where_the_catalogue_moved_on(administrator: Client) -> None:
    part = make_catalogue()
    shown = send(administrator, "dataset", b"slug,description\nhyper,another\n")
    entries.edit(part, {"description": "by somebody else"}, actor="kim", version=2)
    page = confirm(administrator, "dataset", shown)
    assert "was changed since you looked" in page
    part.refresh_from_db()
    assert part.description == "by somebody else"
    assert "no longer there" in administrator.post(reverse("admin:claims_task_import"), {"confirm": "1", "digest": "x"}).content.decode()


_TOO_LARGE = b"slug,name\n" + b"a,b\n" * (exchange.MOST_MEGABYTES * 300_000)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "It holds no entry."),
        (b"slug,name,colour\na,b,c\n", 1, "There is no such column."),
        (b"aliases\nx\n", 1, "must say which entry"),
        (b"slug,name,name\na,b,c\n", 1, "two columns"),
        (b"slug,name\nx,y,z\n", 2, "It has 3 cells"),
        ("slug,name\nx,Grün\n".encode("latin-1"), 2, "It is not UTF-8"),
        ("slug,name\nx,y\n".encode("utf-16"), 1, "It is not UTF-8"),
        (b"slug,name\na,b\nx,\0y\n", 3, "NUL"),
        (b'slug,name\n\na,"b\n', 3, "It is no CSV"),
        (b"<!doctype html><p>slug,name", 1, "It is a web page"),
        (b"PK\x03\x04 not a zip", 1, "no XLSX"),
        (b'[{"slug": "a"', 1, "It is no JSON"),
        (b'{"slug": "a"}', 1, "It is one object."),
        (b"[" * 100_000, 1, "nested too deeply"),
        (b'[{"slug": ["a"], "name": {"b": 1}}]', 1, "It is no text."),
        (b"slug,name,direction\nx,M,upwards\n", 2, "is no direction"),
        (b"slug,name,lower_bound\nx,M,nan\n", 2, "no number that a metric can have"),
        (b"slug,name,lower_bound,upper_bound\nx,M,2,1\n", 2, "lies below"),
        (b"slug,name,reviewed\nx,M,maybe\n", 2, "neither true nor false"),
        (b"slug,name,default_task\nx,M,nowhere\n", 2, "There is no task “nowhere”."),
        (b"slug,name\nx,\n", 2, "An entry needs a name."),
        (b"slug,name\nx,%s\n" % (b"n" * 301), 2, "301 characters"),
        (b"slug,name\nno slug,M\n", 2, "A slug is made of"),
        (b"slug,name\nx,M\nx,N\n", 3, "stands in line 2 already"),
        (b"slug,name,aliases\nx,M,Top-1 accuracy\n", 2, "already names “Top-1 accuracy”"),
        (b"slug,name\nx,Some\ny,some\n", 3, "already names “Some”"),
        (b"slug,family\ntop-1-accuracy,other\n", 2, "changed by the shipped catalogue only"),
    ],
)
def test_hostile_and_broken_files_say_where_and_why(administrator: Client, content: bytes, line: int, said: str) -> None:
    make_catalogue()
    answer = send(administrator, "metric", content)
    assert answer.status_code == 400, answer.content.decode()
    first = answer.context["faults"][0] if answer.context.get("faults") else None
    if content:
        assert first is not None
        assert first.line == line
        assert said in first.message
    acts = ChangeSet.objects.filter(action="import").count()
    assert (acts, Metric.objects.filter(slug="x").count()) == (0, 0)


def test_large_files_and_packed_ones_are_refused(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = send(administrator, "metric", _TOO_LARGE)
    assert answer.status_code == 413
    assert "5 MB are the most" in answer.content.decode()
    book = openpyxl.Workbook()
    assert book.active is not None
    for _ in range(50):
        book.active.append(["x" * 1000])
    packed = io.BytesIO()
    book.save(packed)
    monkeypatch.setattr(exchange, "_UNPACKED", 1000)
    assert "too large when it is unpacked" in send(administrator, "metric", packed.getvalue(), "a.xlsx").content.decode()
    monkeypatch.setattr(entries, "MOST_ROWS", 2)
    rows = json.dumps([{"slug": f"a{n}", "name": f"A {n}"} for n in range(3)]).encode()
    assert "more than 2 entries" in send(administrator, "metric", rows, "a.json").content.decode()


def form_of(client: Client, kind: str, pk: int) -> tuple[str, dict[str, Any]]:
    address = reverse(f"admin:claims_{kind}_change", args=[pk])
    page = client.get(address)
    form = page.context["adminform"].form
    return address, {name: value for name, value in {**form.initial}.items() if name in form.fields and value is not None}


def test_editing_an_entry_goes_through_the_service_and_is_undone(administrator: Client) -> None:
    part = make_catalogue()
    address, sent = form_of(administrator, "dataset", part.pk)
    sent |= {"name": "Hyper", "aliases": "-minus\nNew name", "reason": "clearer"}
    page = administrator.post(address, sent, follow=True).content.decode()
    assert "was changed. This is" in page
    act = ChangeSet.objects.latest("pk")
    assert (act.action, act.actor, act.reason) == ("edit", "ada", "clearer")
    assert act.decisions.get().after == {"name": "Hyper", "aliases": ["-minus", "=HYPERLINK(1)", "New name"]}
    part.refresh_from_db()
    assert (part.name, part.slug, part.version) == ("Hyper", "hyper", 3)
    history = administrator.get(address).content.decode()
    assert "<bdi>clearer</bdi>" in history
    assert act.get_absolute_url() in history
    stale = administrator.post(address, sent | {"name": "Other"}).content.decode()
    assert "was changed since you opened it (ada changed name, aliases)" in stale
    changes.undo(act, actor="ada")
    part.refresh_from_db()
    assert (part.name, entries.read_state(part)["aliases"]) == ("=HYPERLINK(1)", ["'=quoted", "-minus", "x,y;z"])


def test_form_refuses_what_the_service_refuses(administrator: Client) -> None:
    part = make_catalogue()
    address, sent = form_of(administrator, "dataset", part.pk)
    acts = ChangeSet.objects.count()
    other = Dataset.objects.exclude(pk=part.pk).get()
    assert "already names" in administrator.post(address, sent | {"aliases": other.name}).content.decode()
    assert "is empty or has more than" in administrator.post(address, sent | {"aliases": "x" * 301}).content.decode()
    own, of_parent = form_of(administrator, "dataset", other.pk)
    assert "a part of itself" in administrator.post(own, of_parent | {"parent": part.pk}).content.decode()
    same = administrator.post(address, sent, follow=True).content.decode()
    assert "it is so already" in same
    assert ChangeSet.objects.count() == acts


def test_direction_of_a_metric_turns_its_boards_round(administrator: Client) -> None:
    board = make.make_board(3)
    make.settle(board)
    metric = board.primary_metric
    assert metric is not None
    board.refresh_from_db()
    leader = board.leader
    act = entries.edit(metric, {"direction": "lower"}, actor="ada", version=1)
    board.refresh_from_db()
    assert board.leader != leader
    changes.undo(act, actor="ada")
    board.refresh_from_db()
    assert board.leader == leader


def test_entries_are_confirmed_together_unless_one_has_changed(administrator: Client) -> None:
    models = [MLModel.objects.create(name=f"Net {n}", name_key=f"net{n}", slug=f"net-{n}") for n in range(3)]
    address = reverse("admin:claims_mlmodel_changelist")
    ticked = {"action": "confirm", "_selected_action": [str(model.pk) for model in models[:2]]}
    stale = administrator.post(address, {**ticked, "seen_version": [f"{models[0].pk}:7"]}, follow=True).content.decode()
    assert "Nothing was changed" in stale
    page = administrator.post(address, {**ticked, "seen_version": [f"{model.pk}:1" for model in models]}, follow=True).content.decode()
    assert "2 marked as reviewed." in page
    assert list(MLModel.objects.order_by("pk").values_list("reviewed", "version")) == [(True, 2), (True, 2), (False, 1)]
    assert "reviewed already" in administrator.post(address, ticked, follow=True).content.decode()
    act = ChangeSet.objects.get()
    assert (act.action, act.decisions.count()) == ("confirm", 2)
    administrator.post(reverse("admin:claims_changeset_changelist"), {"action": "undo", "_selected_action": [str(act.pk)]})
    assert not MLModel.objects.filter(reviewed=True).exists()


def test_who_may_only_look_changes_nothing(client: Client) -> None:
    part = make_catalogue()
    client.force_login(make.make_user("kim", "view_dataset", "view_task", is_staff=True))
    address = reverse("admin:claims_dataset_change", args=[part.pk])
    page = client.get(address).content.decode()
    assert "&#x27;=quoted" in page
    assert "<textarea" not in page
    assert client.post(address, {"name": "x"}).status_code == 403
    listed = reverse("admin:claims_dataset_changelist")
    client.post(listed, {"action": "confirm", "_selected_action": [str(part.pk)]})
    assert send(client, "dataset", b"slug,name\nx,y\n").status_code == 403
    part.refresh_from_db()
    assert (part.version, Decision.objects.count()) == (2, 1)
    assert client.get(reverse("admin:claims_dataset_export")).status_code == 200
    assert client.get(reverse("admin:claims_metric_export")).status_code == 403
    assert not Task.objects.filter(slug="x").exists()


def test_entry_that_was_changed_around_its_service_is_found() -> None:
    part = make_catalogue()
    entries.edit(part, {"name": "Hyper", "description": "new"}, actor="x", version=2)
    assert list(verification._check_entries()) == []
    Dataset.objects.filter(pk=part.pk).update(name="Other")
    (fault,) = verification._check_entries()
    assert str(fault) == f"dataset {part.public_id}: its name is “Other”, and its last decision left “Hyper”"
