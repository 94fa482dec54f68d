"""What a search finds in the database. The same on every database: nothing here asks which one it is, but for the index itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from claims import keys, search
from claims.models import Alias, Benchmark, Claim, Dataset, MLModel, Paper, SearchName, SearchWord
from claims.services import changes, search_names, uploads
from claims.terms import CurationState, ListingState, Role, SearchKind
from tests import factories as make

pytestmark = pytest.mark.django_db

TITLES = [
    "Crane Transformers: Folding Paper at Scale",
    "On Fine-Grained Recognition of Folded Paper",
    "Do Paper Birds Fly? A Study of Attention in Gliding",
    "Self-Supervised Folding without a Single Crease",
    "DotNet50: Fifty Dots Are Enough",
    "Knowledge Distillation from Large Cranes to Small Ones",
    "Poincaré Layers for Curved Paper",
    "图像 分类 的 折纸 方法",
    "Folding T5 into a Smaller Model",
    "C++ Bindings for Paper_Folding at 100% Speed",
    "Quantization of Creases",
    "Large Paper Models Are Zero-Shot Folders",
]
MODELS = ["DotNet-50", "DotNet-XL", "FoldFormer III", "CreaseV2", "T5", "R1", "SeiT++"]
SETS = [
    ("Image Folding", "SampleNet-1K", 9),
    ("Image Folding", "SampleNet-Tiny", 2),
    ("Gliding", "PaperBirds 2.0", 3),
    ("Unfolding", "SampleNet-1K", 1),
]

FIXED = [
    ("samplenet", "dataset", "SampleNet-1K"),
    ("SampleNet1k", "dataset", "SampleNet-1K"),
    ("sample net", "dataset", "SampleNet-1K"),
    ("smaplenet", "dataset", "SampleNet-1K"),
    ("snt 1000", "dataset", "SampleNet-1K"),
    ("image folding", "board", "Image Folding on SampleNet-1K"),
    ("samplenet folding image", "board", "Image Folding on SampleNet-1K"),
    ("origami samplenet", "board", "Image Folding on SampleNet-1K"),
    ("imge foldng tiny", "board", "Image Folding on SampleNet-Tiny"),
    ("glidng", "board", "Gliding on PaperBirds 2.0"),
    ("paper birds 2.0", "dataset", "PaperBirds 2.0"),
    ("dotnet 50", "model", "DotNet-50"),
    ("dotnet50", "model", "DotNet-50"),
    ("dot net xl", "model", "DotNet-XL"),
    ("foldformer iii", "model", "FoldFormer III"),
    ("foldfromer", "model", "FoldFormer III"),
    ("crease v2", "model", "CreaseV2"),
    ("T5", "model", "T5"),
    ("t5 folding", "paper", TITLES[8]),
    ("r1", "model", "R1"),
    ("seit++", "model", "SeiT++"),
    ("fine grained recogntion", "paper", TITLES[1]),
    ("recognition finegrained", "paper", TITLES[1]),
    ("crane transformer", "paper", TITLES[0]),
    ("knowlege distilation", "paper", TITLES[5]),
    ("poincare", "paper", TITLES[6]),
    ("图像", "paper", TITLES[7]),
    ("折纸", "paper", TITLES[7]),
    ("selfsupervised", "paper", TITLES[3]),
    ("quantisation", "paper", TITLES[10]),
    ("birds that fly on paper", "paper", TITLES[2]),
    ("zero shot", "paper", TITLES[11]),
    ("2207.01234", "paper", TITLES[0]),
]


def make_site() -> None:
    for task, dataset, rows in SETS:
        make.make_board(rows, benchmark=make.make_benchmark(task, dataset))
    folded = Benchmark.objects.get(task__name="Image Folding", dataset__name="SampleNet-1K")
    for kind, text, of in (("dataset", "SNT-1000", folded.dataset), ("task", "Origami", folded.task)):
        Alias.objects.create(kind=kind, text=text, key=keys.name_key(text), reviewed=True, **{kind: of})
    for number, title in enumerate(TITLES):
        make.make_paper(title, arxiv_id="2207.01234" if number == 0 else "")
    for number, model in enumerate(MODELS):
        paper = make.make_paper(f"Introducing something new, part {number}", abstract=f"{model} reaches 50.{number}% on it.")
        make.make_claim(f"50.{number}%", paper=paper, benchmark=folded, model=model, ml_model=make_model(model, paper))
    search_names.rebuild()


def make_model(name: str, paper: Paper | None = None) -> MLModel:
    return MLModel.objects.create(name=name, name_key=keys.name_key(name), slug=keys.digest(name)[:20], introduced_by=paper)


def names(text: str, **wanted: Any) -> list[str]:
    return [hit.name for hit in search.search(text, **wanted).hits]


def test_fixed_queries_find_the_same_first_result_everywhere() -> None:
    make_site()
    found = [(text, str(hits[0].kind), hits[0].name) if (hits := search.search(text).hits) else (text, "", "") for text, _, _ in FIXED]
    assert found == FIXED


ODD = [
    "", " ", '"', "*", '"crane', "crane AND NOT", "NEAR(crane paper)", "words:crane", "100%", "%", "_", "paper_folding", "\\", "'; --", "(",
    "-crane", "^crane", "\x00", "cr\x00ane", "\x1f\x7f", "\u202ecrane", "𝕔𝕣𝕒𝕟𝕖", "😀", "{}", "a" * 5000, "crane " * 300, "é" * 199, "\ud800",
    "crane \ud800 paper", "a b c d e f g h i j k l m", "1 2", "+", "++ #", "c+", "３", "ﬃ", "İ", "\u0301", "ิ", "가", "\U0010ffff",
]  # fmt: skip


def test_any_text_is_a_query() -> None:
    make_site()
    for text in ODD:
        search.search(text)
        search.suggest_words(search.Query.read(text))


def test_signs_of_the_query_languages_are_text() -> None:
    make_site()
    assert names("100% speed")[0] == TITLES[9]
    assert names("paper_folding")[0] == TITLES[9]
    assert names("𝕔𝕣𝕒𝕟𝕖 transformers") == [TITLES[0]]
    assert names('"crane" AND "transformers"') == [TITLES[0]]
    assert names("%") == names("*") == names("_") == []


def test_plural_is_also_the_singular() -> None:
    make_site()
    assert names("single creases") == [TITLES[3]]
    assert names("large model") == [TITLES[11]]


def test_misspelt_word_is_named_with_what_stands_in_its_place() -> None:
    make_site()
    assert search.search("fine recogntion").instead == {"recogntion": "recognition"}
    assert search.search("fine recognition").instead == {}
    assert "quantization" in search.suggest_words(search.Query.read("quuantizzatoin"))


def test_kinds_are_counted_and_chosen_among() -> None:
    make_site()
    found = search.search("samplenet")
    assert found.counts[SearchKind.DATASET] == 2
    assert found.counts[SearchKind.BOARD] == 3
    boards = search.search("samplenet", kind=SearchKind.BOARD)
    assert {hit.kind for hit in boards.hits} == {SearchKind.BOARD}
    assert boards.counts == found.counts
    dataset = found.hits[0]
    # Of the two boards the larger comes first; the models' rows count, too.
    assert [str(board) for board in dataset.boards] == ["Image Folding on SampleNet-1K", "Unfolding on SampleNet-1K"]
    assert dataset.behind == 9 + len(MODELS) + 1


def test_pages_hold_every_result_once() -> None:
    for number in range(45):
        make.make_paper(f"Crane number {number:02}")
    search_names.rebuild()
    pages = [search.search("crane", page=page) for page in (1, 2, 3)]
    assert [len(page.hits) for page in pages] == [20, 20, 5]
    assert len({hit.url for page in pages for hit in page.hits}) == 45
    assert search.search("crane", page=99).page == 3


def test_more_than_are_judged_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        make.make_paper(f"Crane number {number:02}")
    search_names.rebuild()
    assert search.search("crane").more == frozenset()
    monkeypatch.setattr(search, "MOST_OF_A_KIND", 10)
    assert search.search("crane").more == {SearchKind.PAPER}


def test_query_count_does_not_grow_with_the_results() -> None:
    def count(text: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            # On one page, so that it holds every kind that was found.
            found = search.search(text, page_size=500)
        assert len(found.hits) == found.total >= 3
        return len(queries)

    make.make_claim("50.1%", benchmark=make.make_benchmark("Folding", "Lonely"), model="Lonely-0")
    for number in range(50):
        board = make.make_benchmark("Folding", f"Heron {number:02}")
        make.make_claim("50.1%", benchmark=board, model=f"Heron-{number}")
    for claim in Claim.objects.select_related("result"):
        Claim.objects.filter(pk=claim.pk).update(ml_model=claim.result.ml_model if claim.result else None)
    search_names.rebuild()
    assert count("lonely") == count("heron") <= 15
    assert count("lonelly") == count("heronn") <= 15


# -- what is hidden ----


def test_merged_papers_models_and_datasets_lend_their_names() -> None:
    root, gone = make.make_paper("The Heron Paper"), make.make_paper("An Egret by Another Name")
    Paper.objects.filter(pk=gone.pk).update(merged_into=root)
    search_names.keep_papers([root.pk, gone.pk])
    (hit,) = search.search("egret").hits
    assert (hit.name, hit.found) == ("The Heron Paper", "An Egret by Another Name")

    board = make.make_board(1, benchmark=make.make_benchmark("Folding", "HeronSet"))
    other = Dataset.objects.create(name="EgretSet", slug="egretset", merged_into=board.dataset)
    claim = Claim.objects.get(result__benchmark=board)
    model = make_model("HeronNet", claim.result.paper if claim.result else None)
    Claim.objects.filter(pk=claim.pk).update(ml_model=model)
    merged = make_model("EgretNet")
    MLModel.objects.filter(pk=merged.pk).update(merged_into=model)
    search_names.rebuild()
    assert names("egretset", kind=SearchKind.DATASET) == ["HeronSet"]
    assert names("egretnet", kind=SearchKind.MODEL) == ["HeronNet"]
    assert not SearchName.objects.filter(kind="dataset", object_id=other.pk).exists()
    Dataset.objects.filter(pk=other.pk).update(merged_into=None)
    search_names.keep_datasets([other.pk, board.dataset_id])
    assert SearchName.objects.get(key="egretset", kind="dataset").object_id == other.pk


def test_paper_merged_after_it_was_indexed_is_hidden_at_once() -> None:
    root, gone = make.make_paper("The Heron Paper"), make.make_paper("The Heron Paper Again")
    search_names.rebuild()
    Paper.objects.filter(pk=gone.pk).update(merged_into=root)
    assert names("heron") == ["The Heron Paper"]


def test_boards_datasets_and_models_without_a_visible_row_are_hidden(settings: Any) -> None:
    empty = make.make_benchmark("Folding", "Heron Empty")
    unreviewed = make.make_claim("50.1%", benchmark=make.make_benchmark("Folding", "Heron Unseen"), model="Heron-A")
    accepted = make.make_claim(
        "50.2%", benchmark=make.make_benchmark("Folding", "Heron Vouched"), model="Heron-B", state=CurationState.ACCEPTED
    )
    for claim in (unreviewed, accepted):
        assert claim.result is not None
        Claim.objects.filter(pk=claim.pk).update(ml_model=claim.result.ml_model)
    search_names.rebuild()
    shown = names("heron")
    assert set(shown) == {"Heron Unseen", "Heron Vouched", "Folding on Heron Unseen", "Folding on Heron Vouched", "Heron-A", "Heron-B"}
    settings.SHOW_UNREVIEWED = False
    assert set(names("heron")) == {"Heron Vouched", "Folding on Heron Vouched", "Heron-B"}
    assert SearchName.objects.filter(kind="board", object_id=empty.pk).exists()


def hide(*papers: Paper) -> None:
    for paper in papers:
        listing = make.make_listing(f"{paper.pk}.txt", paper, state=ListingState.DONE)
        uploads.withdraw(listing, actor="kim", version=listing.version)


def make_models(count: int, name: str, **fields: Any) -> list[Paper]:
    """Make models, each with a paper and a number of its own."""
    board = Benchmark.objects.filter(slug="folding-on-plain").first() or make.make_benchmark("Folding", "Plain")
    Dataset.objects.filter(pk=board.dataset_id).update(default_task=board.task)
    papers = []
    for number in range(count):
        paper = make.make_paper(f"Nothing in particular {name} {number}"[::-1], abstract="It reaches 50.1% on it.")
        model = make_model(f"{name}{number}", paper)
        make.make_claim("50.1%", paper=paper, benchmark=board, model=model.name, ml_model=model, **fields)
        papers.append(paper)
    return papers


@pytest.mark.parametrize("hidden", ["withdrawn", "unreviewed", "rejected"])
def test_hidden_names_take_no_places_of_visible_ones(settings: Any, monkeypatch: pytest.MonkeyPatch, hidden: str) -> None:
    monkeypatch.setattr(search, "MOST_OF_A_KIND", 5)
    papers = make_models(12, "Omni", **({"state": CurationState.REJECTED} if hidden == "rejected" else {}))
    make_models(1, "OmniLongName", state=CurationState.ACCEPTED)
    for number in range(12):
        make.make_benchmark("Folding", f"Omni{number}")
    make.make_claim("50.1%", benchmark=make.make_benchmark("Folding", "OmniLongSet"), state=CurationState.ACCEPTED)
    search_names.rebuild()
    settings.SHOW_UNREVIEWED = hidden != "unreviewed"
    if hidden == "withdrawn":
        hide(*papers)
    assert names("omni", kind=SearchKind.MODEL) == ["OmniLongName0"]
    assert names("omni", kind=SearchKind.DATASET) == ["OmniLongSet"]
    assert names("omni", kind=SearchKind.BOARD) == ["Folding on OmniLongSet"]
    assert search.search("omni").more == frozenset()


def test_hidden_names_do_not_keep_a_misspelt_word_from_being_found(settings: Any) -> None:
    make_models(6, "HeromNet")
    make_models(1, "Heron ", state=CurationState.ACCEPTED)
    search_names.rebuild()
    settings.SHOW_UNREVIEWED = False
    assert names("herom", kind=SearchKind.MODEL) == ["Heron 0"]


def test_names_of_models_leave_with_their_papers_and_come_back() -> None:
    (paper,) = make_models(1, "Heron")
    search_names.rebuild()
    before = set(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias"))
    listing = make.make_listing("heron.txt", paper, state=ListingState.DONE)
    effect = uploads.withdraw(listing, actor="kim", version=listing.version)
    assert not SearchName.objects.filter(kind__in=["model", "paper"]).exists()
    kept = set(SearchName.objects.values_list("kind", "object_id", "key"))
    search_names.rebuild()
    assert set(SearchName.objects.values_list("kind", "object_id", "key")) == kept
    changes.undo(effect.change_set, actor="kim")
    assert set(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias")) == before
    assert names("heron0", kind=SearchKind.MODEL) == ["Heron0"]
    assert SearchWord.objects.filter(word=" heron0 ").exists()


def test_model_of_a_withdrawn_paper_keeps_its_names_where_one_that_stays_was_merged_into_it() -> None:
    root_paper, paper = make_models(1, "Heron") + make_models(1, "Egret")
    root, merged = MLModel.objects.get(introduced_by=root_paper), MLModel.objects.get(introduced_by=paper)
    MLModel.objects.filter(pk=merged.pk).update(merged_into=root)
    Claim.objects.filter(ml_model=merged).update(ml_model=root)
    search_names.rebuild()
    hide(root_paper)
    assert names("heron0", kind=SearchKind.MODEL) == names("egret0", kind=SearchKind.MODEL) == ["Heron0"]
    hide(paper)
    assert not SearchName.objects.filter(kind="model").exists()


def test_withdrawn_model_that_a_decided_number_quotes_is_not_found() -> None:
    (paper,) = make_models(1, "Heron")
    quoting = make.make_paper("A paper that quotes it", abstract="It reaches 60.1%, and not 50.1%.")
    claim = make.make_claim("50.1%", paper=quoting, model="Heron0", role=Role.BASELINE, on_board=False, state=CurationState.ACCEPTED)
    Claim.objects.filter(pk=claim.pk).update(ml_model=MLModel.objects.get(introduced_by=paper))
    search_names.rebuild()
    hide(paper)
    search_names.add_models(MLModel.objects.all())
    assert names("heron0") == []


def test_words_of_hidden_names_are_not_suggested(settings: Any) -> None:
    (paper,) = make_models(1, "Zyxonaut")
    make_models(1, "Zyxonaught", state=CurationState.ACCEPTED)
    search_names.rebuild()
    query = search.Query.read("zyxonaux0")
    assert search.suggest_words(query) == ["zyxonaut0", "zyxonaught0"]
    hide(paper)
    assert search.suggest_words(query) == ["zyxonaught0"]
    Claim.objects.update(state=CurationState.UNREVIEWED)
    settings.SHOW_UNREVIEWED = False
    assert search.suggest_words(query) == []


def test_visible_word_is_suggested_behind_many_hidden_ones(settings: Any) -> None:
    for letter in "abcdefgh":
        make_models(1, f"Zyxonau{letter}q")
    make_models(1, "Zyxonaught", state=CurationState.ACCEPTED)
    search_names.rebuild()
    settings.SHOW_UNREVIEWED = False
    assert search.suggest_words(search.Query.read("zyxonauxq0")) == ["zyxonaught0"]


# -- keeping the names ----


def test_rename_and_rebuild_leave_the_same_names() -> None:
    make_site()
    before = set(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias"))
    paper = Paper.objects.get(title=TITLES[10])
    Paper.objects.filter(pk=paper.pk).update(title="Herons Instead")
    search_names.keep_papers([paper.pk])
    assert names("herons") == ["Herons Instead"]
    assert TITLES[10] not in names("quantization")
    Paper.objects.filter(pk=paper.pk).update(title=TITLES[10])
    search_names.rebuild()
    assert set(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias")) == before
    assert not SearchWord.objects.filter(word=" herons ").exists()


def count_indexed(part: str) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("INSERT INTO claims_searchname_fts (claims_searchname_fts, rank) VALUES ('integrity-check', 1)")
            cursor.execute("SELECT count(*) FROM claims_searchname_fts WHERE claims_searchname_fts MATCH %s", [f'"{part}"'])
        else:
            cursor.execute("SELECT count(*) FROM claims_searchname WHERE words LIKE %s", [f"%{part}%"])
        (count,) = cursor.fetchone() or (0,)
    return int(count)


def test_index_follows_every_change_of_the_names() -> None:
    paper = make.make_paper("The Heron Paper")
    search_names.add_papers([paper])
    assert count_indexed("heron") == 1
    SearchName.objects.update(words=" the egret paper ")
    assert (count_indexed("heron"), count_indexed("egret")) == (0, 1)
    SearchName.objects.all().delete()
    assert count_indexed("egret") == 0


@pytest.mark.django_db(transaction=True)
def test_index_is_empty_after_a_flush() -> None:
    from django.core.management import call_command

    search_names.add_papers([make.make_paper("The Heron Paper")])
    assert count_indexed("heron") == 1
    call_command("flush", verbosity=0, interactive=False)
    assert count_indexed("heron") == 0
    assert not SearchName.objects.exists()


def test_indexes_stand() -> None:
    with connection.cursor() as cursor:
        found = set(connection.introspection.get_constraints(cursor, "claims_searchname"))
        tables = set(connection.introspection.table_names(cursor))
    assert "claims_searchname_by_key" in found
    if connection.vendor == "sqlite":
        assert {"claims_searchname_fts", "claims_searchword_fts"} <= tables
    else:
        assert "claims_searchname_by_trigram" in found


def test_names_are_rebuilt_from_more_words_than_one_statement_may_ask_for(few_parameters: int) -> None:
    for first in range(0, few_parameters * 2, 500):
        make.make_paper(" ".join(f"heron{number:04}" for number in range(first, first + 500)))
    search_names.rebuild()
    assert SearchWord.objects.filter(word__startswith=" heron").count() == few_parameters * 2
    make.make_paper(" ".join(f"egret{number:04}" for number in range(few_parameters)))
    search_names.keep_papers(Paper.objects.values_list("pk", flat=True))
    assert SearchWord.objects.filter(word__startswith=" egret").count() == few_parameters
