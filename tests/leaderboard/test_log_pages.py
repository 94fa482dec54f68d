"""The log of what was done, one act, and the history of a number: what they say, to whom, in how many queries."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from claims import boards, keys
from claims.boards import acts
from claims.models import ChangeSet, Claim, Cost, Dataset, Decision, Flag
from claims.services import correction, curation, decisions, entries, policy, tokens, uploads
from claims.terms import REEXTRACT, CurationState, FlagKind, RejectReason
from tests import factories as make
from tests.pages import count_queries, post_form, text_of

pytestmark = pytest.mark.django_db


def made(number: str = "84.8%", **fields: Any) -> Claim:
    """Return a claim that services put into the row in which it stands."""
    fields = {"model": "EfficientNet-B7", **fields}
    benchmark = fields.pop("benchmark", None) or make.make_benchmark()
    known: dict[str, Any] = {"benchmark": benchmark, "task": benchmark.task, "model_key": keys.name_key(fields["model"])}
    return make.make_claim(number, **known, **fields)


def accept(*claims: Claim | Cost, actor: str = "kim.lee", note: str = "") -> ChangeSet:
    return curation.decide_all([(claim, claim.version) for claim in claims], CurationState.ACCEPTED, actor=actor, note=note)


def reject(claim: Claim, **fields: Any) -> ChangeSet:
    said = {"actor": "kim.lee", "version": claim.version, "reason": RejectReason.NOT_A_RESULT, **fields}
    return curation.decide(claim, CurationState.REJECTED, **said)


def history_of(claim: Claim | Cost) -> str:
    return f"/{claim._meta.model_name}s/{claim.public_id}/history/"


def words_of(response: Any) -> str:
    return text_of(response).replace(" %", "%")


# ---- the log ----


def test_log_says_who_did_what_and_why(client: Client, curator: Client) -> None:
    claim = made()
    accept(claim, note="seen in the <b>table</b>")
    correction.correct(claim, {"number": "76.5-80.9%"}, actor="kim.lee", version=claim.version)
    rejected = reject(claim, note="a year")
    curation.undo(rejected, actor="ann")
    page = curator.get("/log/")
    text = words_of(page)
    assert "kim.lee accepted 84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet-1K “seen in the &lt;b&gt;table&lt;/b&gt;”" in text
    assert "kim.lee corrected 84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet-1K : 84.8% → 76.5–80.9%" in text
    assert "kim.lee rejected 84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet-1K as not a result “a year”" in text
    assert "ann took back what was decided on 84.8%" in text
    assert "state unreviewed → accepted" in text
    assert "upper end nothing → 80.9" in text
    assert text.index("ann took back") < text.index("kim.lee rejected") < text.index("kim.lee accepted"), "the latest first"
    html = page.content.decode()
    assert "<b>table</b>" not in html
    assert claim.paper_text is not None
    assert f'href="{claim.paper_text.paper.get_absolute_url()}"' in html
    assert f'href="{history_of(claim)}"' in html
    assert f'href="{rejected.get_absolute_url()}"' in html
    assert '<a href="/log/">Log</a>' in html, "the foot of every page leads here"


@pytest.mark.once
def test_names_are_told_to_those_who_are_signed_in(client: Client) -> None:
    claim = made()
    act = accept(claim)
    policy.accept_stored(0.0)
    other = made("70.1%", benchmark=claim.result and claim.result.benchmark, model="Other")
    policy.accept_stored(0.0)
    assert other.pk
    listing = make.make_listing("june.txt", make.make_paper())
    uploads.withdraw(listing, actor="kim.lee", version=listing.version, reason="twice")
    assert claim.paper_text is not None
    row = claim.result and f"{claim.result.benchmark.get_absolute_url()}?open={claim.result.public_id}"
    addresses = ["/log/", act.get_absolute_url(), history_of(claim), claim.paper_text.paper.get_absolute_url(), row or ""]
    for address in addresses:
        text = words_of(client.get(address))
        assert "kim.lee" not in text, address
        assert "a curator" in text, address
    text = words_of(client.get("/log/"))
    assert "this site’s policy accepted 70.1%" in text
    assert "an uploader withdrew june.txt “twice”" in text
    assert 'name="actor"' not in client.get("/log/").content.decode()
    for path in ("/log/", "/log/export.jsonl"):
        assert client.get(f"{path}?actor=kim.lee").headers["Location"].startswith("/login/?next="), path
    client.force_login(make.make_user("reader"))
    for address in addresses:
        assert "kim.lee" in words_of(client.get(address)), address
    assert "kim.lee withdrew" not in words_of(client.get("/log/?actor=policy"))


def test_empty_log_says_what_will_stand_there(client: Client) -> None:
    assert "Nothing was decided yet" in text_of(client.get("/log/"))
    assert client.get("/log/export.jsonl").getvalue() == b""
    page = client.get("/log/?action=accept")
    assert "Nothing like that was done" in text_of(page)
    assert 'href="/log/"' in page.content.decode()


def test_log_is_filtered_as_the_api_is(curator: Client) -> None:
    claim = made()
    assert claim.result is not None
    assert claim.paper_text is not None
    paper, board = claim.paper_text.paper, claim.result.benchmark
    cost = make.make_cost("84.8%", paper=paper, result=claim.result, ordinal=7, model_name=claim.model_name, model_key=claim.model_key)
    other = make.make_claim("31.5%", benchmark=make.make_benchmark("Detection", "COCO", metric=make.make_metric("mAP")), model="Finder")
    listing = make.make_listing("june.txt")
    dataset = Dataset.objects.create(name="HeronSet", slug="heronset", reviewed=False)
    said = {
        "accepted": accept(claim, actor="ann"),
        "rejected": reject(claim, actor="bo"),
        "again": accept(claim, actor="ann"),
        "cost": accept(cost, actor="ann"),
        "other": accept(other, actor="bo"),
        "listing": uploads.withdraw(listing, actor="ann", version=listing.version).change_set,
        "dataset": entries.confirm([(dataset, dataset.version)], actor="ann"),
    }
    token = tokens.create(make.make_user("program"), name="x", scopes=["read"], days=1)[1]
    today = datetime.now(UTC).date().isoformat()
    for query, expected in {
        "": set(said),
        "action=accept": {"accepted", "again", "cost", "other"},
        "actor=bo": {"rejected", "other"},
        "kind=cost": {"cost"},
        "kind=claim": {"accepted", "rejected", "again", "other"},
        "kind=listing": {"listing"},
        "kind=dataset": {"dataset"},
        "kind=metric": set(),
        f"claim={claim.public_id}": {"accepted", "rejected", "again"},
        f"cost={cost.public_id}": {"cost"},
        f"listing={listing.public_id}": {"listing"},
        f"paper={paper.public_id}": {"accepted", "rejected", "again", "cost"},
        f"board={board.slug}": {"accepted", "rejected", "again", "cost"},
        "board=none": set(),
        f"since={today}": set(said),
        f"until={today}": set(said),
        "until=2001-01-01": set(),
        "since=2999-01-01": set(),
        "until=9999-12-31&since=0001-01-01": set(said),
        f"board={board.slug}&action=reject&actor=&since=": {"rejected"},
    }.items():
        html = curator.get(f"/log/?{query}").content.decode()
        shown = {name for name, act in said.items() if f'href="{act.get_absolute_url()}"' in html}
        assert shown == expected, query
        if "=&" not in f"{query}&":
            answer = curator.get(f"/api/v1/decisions/?{query}", headers={"Authorization": f"Bearer {token}"})
            assert {told["id"] for told in answer.json()["results"]} == {said[name].public_id for name in expected}, query
        lines = [json.loads(line) for line in curator.get(f"/log/export.jsonl?{query}").getvalue().splitlines()]
        assert {line["act"] for line in lines} == {said[name].public_id for name in expected}, query


@pytest.mark.once
@pytest.mark.parametrize(
    "query", ["colour=red", "since=yesterday", "until=2026-02-30", "kind=model", "before=none", "sort=id", "page=2", "cursor=x"]
)
def test_what_can_not_be_asked_is_a_page_that_says_so(client: Client, query: str) -> None:
    for path in ("/log/", "/log/export.jsonl"):
        response = client.get(f"{path}?{query}")
        assert response.status_code == 400
        assert "asks for something the log doesn’t have" in text_of(response)
    hostile = client.get("/log/", {query.partition("=")[0]: "<script>alert(1)</script>"})
    assert "<script>alert" not in hostile.content.decode()


def test_log_goes_on_behind_its_last_act(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "ACTS_ON_A_PAGE", 2)
    claim = made()
    said = [accept(claim), reject(claim), accept(claim), reject(claim), accept(claim)]
    seen: list[str] = []
    address = "/log/?kind=claim"
    for _ in range(3):
        html = client.get(address).content.decode()
        seen += re.findall(r'<span class="when"><a href="/log/(\w+)/"', html)
        older = re.search(r'rel="next" href="(\?[^"]+)"', html)
        if older is None:
            break
        address = f"/log/{older[1].replace('&amp;', '&')}"
        assert "kind=claim" in address
    assert older is None, "three pages of two, two and one"
    assert seen == [act.public_id for act in reversed(said)]
    assert ">Latest</a>" in html


def settle(*claims: Claim, note: str = "84.8% is far above the others.") -> ChangeSet:
    flags = [Flag.objects.create(kind=FlagKind.FAR, object_kind="claim", object_id=claim.pk, note=note) for claim in claims]
    return curation.settle_flags(flags, actor="kim.lee", reason="It is right.")


@pytest.mark.once
def test_log_names_what_a_settled_flag_was_on(client: Client, curator: Client) -> None:
    claim, other = made(), made("31.5%", benchmark=make.make_benchmark("Detection", "COCO"), model="Finder")
    one, both = settle(claim), settle(other, made("32.5%", benchmark=make.make_benchmark("Detection", "LVIS"), model="Seeker"))
    words = words_of(curator.get("/log/"))
    assert "kim.lee looked at what was flagged on 84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet-1K “It is right.”" in words
    assert "looked at what was flagged on 2 numbers" in words
    assert "“84.8% is far above the others.”" in words
    reader = words_of(Client().get("/log/"))
    assert "a curator looked at what was flagged on 84.8% Top-1 accuracy" in reader
    assert "far above" not in reader, "what is flagged is told to curators"
    act = words_of(curator.get(both.get_absolute_url()))
    assert "Log flags looked at Looked at what was flagged on 2 numbers by kim.lee" in act
    assert "Finder" in act
    assert "Seeker" in act
    post_form(curator, f"/changes/{one.public_id}/undo/")
    words = words_of(curator.get("/log/"))
    assert "took back" not in words
    assert "looked at what was flagged “It is right.”" in words, "the flag is open again, and settled by nobody"
    assert "Takes back “flags looked at” of" in words


@pytest.mark.once
def test_log_tells_readers_nothing_of_what_another_reader_reported(curator: Client) -> None:
    claim = made()
    assert claim.paper_text is not None
    for kind, pk in (("claim", claim.pk), ("paper", claim.paper_text.paper_id)):
        flag = Flag.objects.create(kind=FlagKind.REPORT, object_kind=kind, object_id=pk, note="Take it away.")
        act = curation.settle_flags([flag], actor="kim.lee")
        for address in ("/log/", act.get_absolute_url()):
            assert "Take it away." in words_of(curator.get(address))
            reader = words_of(Client().get(address))
            assert "ooked at what was flagged" in reader
            for told in ("Take it away.", "84.8%", "EfficientNet", claim.paper_text.paper.title):
                assert told not in reader, (kind, address, told)


@pytest.mark.once
def test_log_of_settled_flags_asks_the_same_for_many(curator: Client) -> None:
    board = make.make_benchmark()
    settle(made("80.1%", benchmark=board))
    few = count_queries(curator, "/log/")
    for number in range(12):
        settle(*(made(f"7{number}.{digit}%", benchmark=board, model=f"Net{number}-{digit}") for digit in range(4)))
    assert count_queries(curator, "/log/") == few


# ---- one act ----


def test_act_has_a_page_with_all_its_decisions(curator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first = made("60.5%", model="Net0")
    benchmark = first.result.benchmark if first.result else None
    claims = [first, *(made(f"{60 + n}.5%", model=f"Net{n}", benchmark=benchmark) for n in range(1, 5))]
    act = accept(*claims, note="all of <it>")
    text = words_of(curator.get("/log/"))
    assert "kim.lee accepted 5 numbers “all of &lt;it&gt;”" in text
    assert "2 more objects" in text
    monkeypatch.setattr(boards, "OBJECTS_ON_A_PAGE", 2)
    monkeypatch.setattr(acts, "OBJECTS_ON_A_PAGE", 2)
    shown = []
    for page in (1, 2, 3):
        response = curator.get(f"{act.get_absolute_url()}?page={page}")
        shown += re.findall(r"of (Net\d) on", words_of(response))
    assert shown == [f"Net{n}" for n in range(5)]
    assert "Accepted 5 numbers" in words_of(response)
    for wrong in ("0", "4", "x", "99999999999"):
        assert curator.get(f"{act.get_absolute_url()}?page={wrong}").status_code == 404, wrong
    assert curator.get("/log/none/").status_code == 404
    post_form(curator, f"/changes/{act.public_id}/undo/", next=act.get_absolute_url())
    response = curator.get(act.get_absolute_url())
    assert "Taken back since" in text_of(response)
    assert "Undo it" not in text_of(response)


@pytest.mark.once
def test_act_of_very_many_decisions_opens_in_few_rows(client: Client) -> None:
    claim = made()
    act = ChangeSet.objects.create(actor="kim.lee", action="merge")
    state = decisions.state_of(claim)
    Decision.objects.bulk_create(
        (
            Decision(change_set=act, object_kind="claim", object_id=claim.pk + place, before=state, after=state, object_version=2)
            for place in range(5_000)
        ),
        batch_size=500,
    )
    for address in ("/log/", act.get_absolute_url(), f"{act.get_absolute_url()}?page=50"):
        assert count_queries(client, address) <= 8, address
    text = words_of(client.get(f"{act.get_absolute_url()}?page=50"))
    assert "merged 5,000 numbers" in text.replace("Merged", "merged")
    assert "a number that is not shown" in text
    with CaptureQueriesContext(connection) as queries:
        lines = client.get("/log/export.jsonl").getvalue().splitlines()
    assert len(lines) == 5_000
    assert len(queries) < 60
    for query in queries:
        if "claims_decision" in query["sql"] and "COUNT" not in query["sql"] and "DISTINCT" not in query["sql"]:
            assert "LIMIT" in query["sql"], "no more than a piece is read at once"


# ---- the export ----


def test_export_has_a_line_for_each_decision(client: Client) -> None:
    claim = made()
    accept(claim, note="“quoted”, and a\nnew line")
    ChangeSet.objects.create(actor="kim.lee", action="settle")
    client.force_login(make.make_user("reader"))
    response = client.get("/log/export.jsonl")
    assert response.headers["Content-Type"] == "application/x-ndjson; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="claimboard-log.jsonl"'
    settled, accepted = [json.loads(line) for line in response.getvalue().splitlines()]
    assert list(accepted) == [
        *("act", "action", "actor", "reason", "created", "undoes", "undone_by", "object", "id", "version", "before", "after")
    ]
    assert (accepted["actor"], accepted["reason"], accepted["object"]) == ("kim.lee", "“quoted”, and a\nnew line", "claim")
    assert (accepted["id"], accepted["before"]["state"], accepted["after"]["state"]) == (claim.public_id, "unreviewed", "accepted")
    assert (settled["action"], settled["object"], settled["id"]) == ("settle", None, None)
    client.logout()
    assert {json.loads(line)["actor"] for line in client.get("/log/export.jsonl").getvalue().splitlines()} == {None}


@pytest.mark.parametrize(
    "query", ["", "action=accept", "actor=kim.lee", "since=2026-01-01", "until=2026-01-31", "since=2026-01-05&until=2026-01-06"]
)
def test_what_the_log_and_its_export_ask_for_is_found_by_an_index(query: str) -> None:
    from django.http import QueryDict

    _, found = acts.find_acts(QueryDict(query))
    plan = found[:51].explain()
    if connection.vendor == "sqlite":
        assert "SCAN claims_changeset" not in plan.replace("SCAN claims_changeset USING", "") or not query, plan
        assert "TEMP B-TREE" not in plan, plan
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert "Index" in found[:51].explain()


# ---- what readers don't see ----


@pytest.mark.parametrize("hidden", ["unreviewed", "withdrawn"])
def test_nothing_is_told_of_numbers_that_readers_do_not_see(client: Client, settings: Settings, hidden: str) -> None:
    claim = made()
    act = reject(claim)
    curation.undo(act, actor="kim.lee")
    assert claim.paper_text is not None
    if hidden == "unreviewed":
        settings.SHOW_UNREVIEWED = False
    else:
        claim.paper_text.paper.withdrawn = True
        claim.paper_text.paper.save(update_fields=["withdrawn"])
    for address in ("/log/", act.get_absolute_url()):
        text = words_of(client.get(address))
        assert "a number that is not shown" in text, address
        assert "84.8" not in text, address
        assert "not a result" not in text, address
    assert client.get(history_of(claim)).status_code == 404
    assert "84.8" not in client.get("/log/export.jsonl").getvalue().decode()
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    assert "84.8%" in words_of(client.get("/log/"))
    assert client.get(history_of(claim)).status_code == 200


# ---- the history of a number ----


def test_history_of_a_number_and_the_way_back_to_any_point(curator: Client) -> None:
    claim = made()
    first = accept(claim, note="seen")
    correction.correct(claim, {"variant": "large <i>"}, actor="ann", version=claim.version)
    reject(claim)
    page = curator.get(history_of(claim))
    text = words_of(page)
    assert "84.8% Top-1 accuracy of EfficientNet-B7, large &lt;i&gt; on ImageNet-1K" in text
    assert text.index("kim.lee rejected it as not a result") < text.index("ann corrected it") < text.index("kim.lee accepted it “seen”")
    assert "variant nothing → large &lt;i&gt;" in text
    html = page.content.decode()
    assert html.count(">Set back to this<") == 2, "not to what it is already"
    assert html.count(">Set back to before all of it<") == 1
    url = f"/claims/{claim.public_id}/revert/"
    form = {"act": first.public_id, "when": "after", "version": claim.version, "reason": "it is <one>"}
    response = post_form(curator, url, **form)
    assert (response.status_code, response.headers["Location"]) == (302, history_of(claim))
    claim.refresh_from_db()
    assert (claim.state, claim.variant, claim.extracted) == ("accepted", "", {})
    assert claim.result is not None
    text = words_of(curator.get(history_of(claim)))
    assert "curator set it back “As it was after “accept”" in text
    assert "it is &lt;one&gt;" in text
    assert post_form(curator, url, **form).status_code == 409
    claim.refresh_from_db()
    assert post_form(curator, url, **{**form, "version": claim.version, "when": "before"}).status_code == 302
    claim.refresh_from_db()
    assert claim.state == "unreviewed"


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong", [{"act": "none"}, {"act": ""}, {"when": "never"}, {"version": "x"}, {"version": ""}, {"reason": "x" * 2001}]
)
def test_form_that_names_no_point_of_the_history_is_refused(curator: Client, wrong: dict[str, str]) -> None:
    claim = made()
    act = accept(claim)
    form = {"act": act.public_id, "when": "before", "version": claim.version, **wrong}
    assert post_form(curator, f"/claims/{claim.public_id}/revert/", **form).status_code == 400
    assert post_form(curator, f"/costs/{claim.public_id}/revert/", **form).status_code == 404
    assert ChangeSet.objects.count() == 1


def test_history_of_what_nobody_decided_on_and_of_a_cost(client: Client) -> None:
    paper = make.make_paper(abstract="It has 21M parameters.")
    cost = make.make_cost("21M", paper=paper)
    assert "Nobody decided on it yet" in text_of(client.get(history_of(cost)))
    accept(cost)
    text = words_of(client.get(history_of(cost)))
    assert "21M parameters of the paper’s own method" in text
    assert "a curator accepted it" in text
    assert client.get(f"/claims/{cost.public_id}/history/").status_code == 404
    assert client.get(f"{history_of(cost)}?before=none").status_code == 400


def test_long_history_goes_on_behind_its_last_act(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "DECISIONS_ON_A_PAGE", 2)
    claim = made()
    said = [accept(claim), reject(claim), accept(claim)]
    html = client.get(history_of(claim)).content.decode()
    assert f"?before={said[1].public_id}" in html
    older = client.get(f"{history_of(claim)}?before={said[1].public_id}")
    assert "a curator accepted it" in words_of(older)
    assert "rejected it" not in words_of(older)


def test_what_a_run_read_anew_is_told_in_its_words(client: Client) -> None:
    claim = made()
    assert claim.run is None
    act = ChangeSet.objects.create(actor="kim.lee", action=REEXTRACT, reason="Read again by 9.0.0.")
    said = {"before": {"model": "A", "upper end": None}, "after": {"model": "B", "upper end": 3.5}}
    Decision.objects.create(change_set=act, object_kind="claim", object_id=claim.pk, object_version=2, **said)
    text = words_of(client.get("/log/"))
    assert "a new reading read 84.8% Top-1 accuracy of EfficientNet-B7 on ImageNet-1K anew" in text
    assert "model A → B" in text
    assert "upper end nothing → 3.5" in text


# ---- on the board and on the paper's page ----


def test_decided_numbers_say_who_decided_and_when_with_their_history(client: Client) -> None:
    claim = made()
    assert claim.result is not None
    assert claim.paper_text is not None
    paper = claim.paper_text.paper.get_absolute_url()
    row = f"{claim.result.benchmark.get_absolute_url()}?open={claim.result.public_id}"
    for address in (paper, row):
        assert history_of(claim) not in client.get(address).content.decode(), "nobody decided on it"
    act = accept(claim)
    day = f"{act.created.day} {act.created:%b %Y}"
    for address in (paper, row):
        page = client.get(address)
        said = words_of(page)
        assert f"accepted by a curator, {day} · history of 84.8%" in said, said[said.find("read as") :][:300]
        assert f'href="{history_of(claim)}"' in page.content.decode(), address
        assert "<time data-age datetime=" in page.content.decode(), address
        assert "js/ages.js" in page.content.decode(), address
    reject(claim)
    assert f"rejected by a curator, {day}" in words_of(client.get(paper))
    curation.decide(claim, CurationState.UNREVIEWED, actor="kim.lee", version=claim.version)
    assert f"taken back by a curator, {day}" in words_of(client.get(paper))


def make_decided(count: int) -> list[Claim]:
    """Return so many claims of one paper and one row, which were accepted, rejected and accepted again."""
    benchmark = make.make_benchmark(dataset=f"ImageNet-{count}K")
    paper = make.make_paper(abstract=" ".join(f"It reaches {70 + n}.5% there." for n in range(count)))
    result = make.make_result(benchmark, paper, "Many")
    claims = [
        make.make_claim(f"{70 + n}.5%", paper=paper, result=result, metric=make.make_metric(f"Metric {n % 4}"), on_board=False)
        for n in range(count)
    ]
    for claim in claims:
        accept(claim)
        reject(claim)
        accept(claim)
    return claims


@pytest.mark.once
def test_query_count_of_each_page_is_constant(client: Client) -> None:
    counts = []
    for count in (5, 12):
        claims = make_decided(count)
        claim = claims[-1]
        act = accept(*claims)
        claim.refresh_from_db()
        assert claim.paper_text is not None
        assert claim.result is not None
        for _ in range(count - 1):
            reject(claim)
            accept(claim)
        addresses = {
            "log": "/log/",
            "act": act.get_absolute_url(),
            "history": history_of(claim),
            "paper": claim.paper_text.paper.get_absolute_url(),
            "row": f"{claim.result.benchmark.get_absolute_url()}?open={claim.result.public_id}",
        }
        counts.append({page: count_queries(client, address) for page, address in addresses.items()})
    assert counts[0] == counts[1]


# ---- who may what ----


@pytest.mark.once
@pytest.mark.parametrize("who", ["anonymous", "reader", "uploader", "curator", "administrator"])
def test_who_may_see_and_who_may_set_back(client: Client, who: str) -> None:
    rights = {"uploader": ["upload_listing"], "curator": ["change_claim", "change_cost"]}.get(who, [])
    if who != "anonymous":
        client.force_login(make.make_user(who, *rights, is_superuser=who == "administrator", is_staff=who == "administrator"))
    claim = made()
    act = accept(claim)
    for address in ("/log/", act.get_absolute_url(), history_of(claim), "/log/export.jsonl"):
        assert client.get(address).status_code == 200, address
        assert post_form(client, address).status_code == 405, address
    may = who in ("curator", "administrator")
    assert ("Set back to before" in text_of(client.get(history_of(claim)))) is may
    assert ("Undo it" in text_of(client.get(act.get_absolute_url()))) is may
    url = f"/claims/{claim.public_id}/revert/"
    assert client.get(url).status_code == 405
    response = post_form(client, url, act=act.public_id, when="before", version=claim.version)
    if who == "anonymous":
        assert response.headers["Location"].startswith("/login/")
    else:
        assert response.status_code == (302 if may else 403)
    claim.refresh_from_db()
    assert claim.state == ("unreviewed" if may else "accepted")


def test_form_without_its_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    claim = made()
    act = accept(claim)
    assert (
        post_form(client, f"/claims/{claim.public_id}/revert/", act=act.public_id, when="before", version=claim.version).status_code == 403
    )


def test_what_stands_in_an_older_text_can_not_be_set_back(curator: Client) -> None:
    claim = made()
    act = accept(claim)
    Claim.objects.filter(pk=claim.pk).update(retired_by=make.make_reading(claim.paper_text.paper, []).run, result=None)  # type: ignore[union-attr]
    page = text_of(curator.get(history_of(claim)))
    assert "stands in an older text" in page
    assert "Set back to" not in page
    response = post_form(curator, f"/claims/{claim.public_id}/revert/", act=act.public_id, when="before", version=claim.version)
    assert response.status_code == 409
