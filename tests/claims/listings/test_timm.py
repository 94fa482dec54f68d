"""The readers of timm's tables."""

from __future__ import annotations

import gzip
import io
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.errors import EmptyListingError, ListingError
from claims.listings import registry
from claims.listings.base import Problem, Survey, TableRecord
from claims.listings.timm import DATASETS, name_benchmark, read_extra_data, stem_of
from claims.terms import ConditionKind, CostMeasure, EntryKind
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database

RESULTS = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
lanet_small.ra2_in1k,224,81.500,18.500,95.250,4.750,25.50,0.950,bicubic
lanet_huge.mim_m38m_ft_in22k_in1k,448,90.125,9.875,99.000,1.000,"1,014.45",1.000,bicubic
"""
BENCHMARK = """\
model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,infer_macts
lanet_small,224,5120.5,199.98,1024,25.50,4.10,11.2
lanet_huge,448,12.5,80.0,1,"1,014.45",900.1,400.0
"""
PRETRAINING = "model,pretrain\nlanet_small,in1k\nlanet_huge,in21k-selfsl\nlanet_wide,ig1b-swsl\n"
ON_5090 = "benchmark-infer-amp-nchw-pt291-cu130-5090.csv"


def read(content: bytes | str, name: str, *, chunk_size: int = 100) -> tuple[Survey, list[TableRecord], list[Problem]]:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    reader, survey = registry.survey(stream, chunk_size=chunk_size, name=name)
    assert reader.collection == "timm"
    assert reader.holds is EntryKind.RECORDS
    found = [item for chunk in survey.chunks for item in reader.read(stream, survey, chunk)]
    records = [item for item in found if isinstance(item, TableRecord)]
    return survey, records, [*survey.problems, *(item for item in found if isinstance(item, Problem))]


def conditions_of(record: TableRecord) -> list[tuple[str, str]]:
    return [(condition.kind.value, condition.value) for condition in record.conditions]


# -- results ----------------------------------------------------------------------------------------------------------------------


def test_row_of_results_is_a_record() -> None:
    survey, (small, huge), problems = read(RESULTS, "results-imagenet.csv")
    assert problems == []
    assert (survey.variant, survey.entries) == ("imagenet", 2)
    assert (small.number, small.model, small.variant) == (1, "lanet_small", "ra2_in1k")
    assert (small.tasks, small.datasets) == (("Image Classification",), ("ImageNet-1K",))
    assert [(cell.column, cell.stated, cell.metric, cell.measure, cell.unit, cell.condition) for cell in huge.cells] == [
        ("top1", "90.125", "Top-1 accuracy", None, "%", ""),
        ("top5", "99.000", "Top-5 accuracy", None, "%", ""),
        ("param_count", "1,014.45", "", CostMeasure.PARAMETERS, "M", ""),
    ]
    assert conditions_of(small) == [("resolution", "224x224")]
    assert small.conditions[0].text == "224 × 224"
    assert conditions_of(huge) == [("resolution", "448x448"), ("extra_data", "Merged-38M"), ("extra_data", "ImageNet-21K")]
    assert small.raw["interpolation"] == "bicubic"
    assert small.raw["top1_err"] == "18.500"


@pytest.mark.parametrize(
    ("name", "datasets"),
    [
        ("results-imagenet.csv", ("ImageNet-1K",)),
        ("results-imagenet (1).csv", ("ImageNet-1K",)),
        ("results-imagenet(12).csv.gz", ("ImageNet-1K",)),
        ("results-imagenet.csv (2).gz", ("ImageNet-1K",)),
        ("Results-ImageNet - Copy.CSV", ("ImageNet-1K",)),
        ("a folder/results-imagenet.csv", ("ImageNet-1K",)),
        (r"C:\tables\results-imagenet-a.csv", ("ImageNet-A",)),
        ("results-imagenetv2-matched-frequency.csv", ("ImageNet-V2",)),
        ("results-imagenet-r.csv", ("ImageNet-R",)),
        ("results-imagenet-real.csv", ("ImageNet-ReaL",)),
        ("results-sketch.csv", ("ImageNet-Sketch",)),
        ("results-imagenet-a-clean.csv", ("ImageNet-1K", "classes of ImageNet-A")),
        ("results-imagenet-r-clean.csv", ("ImageNet-1K", "classes of ImageNet-R")),
    ],
)
def test_name_of_the_file_says_the_dataset(name: str, datasets: tuple[str, ...]) -> None:
    _, records, _ = read(RESULTS, name)
    assert {tuple(record.datasets) for record in records} == {datasets}


@pytest.mark.parametrize("name", ["", "table.csv", "results-imagenet-zebras.csv"])
def test_results_without_a_telling_name_are_refused_with_how_to_name_them(name: str) -> None:
    with pytest.raises(ListingError, match=r"results-imagenet\.csv") as raised:
        read(RESULTS, name)
    assert f"“{name}”" in raised.value.message or not name


def test_datasets_are_those_of_the_catalogue() -> None:
    catalogue = (Path(__file__).parents[3] / "claims" / "catalogue" / "datasets.toml").read_text()
    known = set(re.findall(r'^name = "(.+)"$', catalogue, re.MULTILINE))
    assert {path[0] for path in DATASETS.values()} <= known
    assert all(len(slug) <= 40 for slug in DATASETS), "the variant is stored"


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        ("ra2_in1k", []),
        ("in1k_ft_in1k", []),
        ("fcmae_ft_in1k", []),
        ("ssld_in1k", []),
        ("", []),
        ("augreg_in21k_ft_in1k", ["ImageNet-21K"]),
        ("ms_in22k_ft_in1k", ["ImageNet-21K"]),
        ("mim_in22k_ft_in22k_in1k", ["ImageNet-21K"]),
        ("sw_r384_in12k_ft_in1k", ["ImageNet-12K"]),
        ("clip_laion2b_augreg_ft_in12k_in1k_384", ["LAION-2B", "ImageNet-12K"]),
        ("clip_laiona_augreg_ft_in1k_384", ["LAION-Aesthetics"]),
        ("clip_ft_in1k", ["LAION-400M"]),
        ("openai_ft_in12k_in1k", ["WIT-400M", "ImageNet-12K"]),
        ("webli_ft_in1k", ["WebLI"]),
        ("ns_jft_in1k_475", ["JFT-300M"]),
        ("fb_swsl_ig1b_ft_in1k", ["IG-1B"]),
        ("fb_ssl_yfcc100m_ft_in1k", ["YFCC-100M"]),
        ("seer_ft_in1k", ["SEER"]),
        ("swag_lc_in1k", ["IG-3.6B"]),
        ("m30m_ft_in22k_in1k", ["Merged-30M", "ImageNet-21K"]),
        ("bd_ssld_6m_in1k_384", ["SSLD 6M"]),
        ("ssld_stage1_in22k_in1k", ["ImageNet-21K"]),
        ("ssld_stage2_ft_in1k", ["ImageNet-21K"]),
    ],
)
def test_tag_says_the_extra_data(tag: str, names: list[str]) -> None:
    assert [condition.value for condition in read_extra_data(tag.split("_"))] == names


# -- benchmarks -------------------------------------------------------------------------------------------------------------------


def test_row_of_a_benchmark_states_costs_only() -> None:
    _, (small, huge), problems = read(BENCHMARK, ON_5090)
    assert problems == []
    assert (small.model, small.variant, small.tasks, small.datasets) == ("lanet_small", "", (), ())
    assert conditions_of(small) == [("resolution", "224x224")]
    assert [(cell.stated, cell.measure, cell.unit) for cell in small.cells] == [
        ("5120.5", CostMeasure.THROUGHPUT, "1/s"),
        ("4.10", CostMeasure.MACS, "G"),
    ]
    assert ("80.0", CostMeasure.LATENCY, "ms") in [(cell.stated, cell.measure, cell.unit) for cell in huge.cells]
    assert {cell.condition for record in (small, huge) for cell in record.cells} == {"RTX 5090, AMP"}


@pytest.mark.parametrize(
    ("name", "measured_on"),
    [
        (ON_5090, "RTX 5090, AMP"),
        ("benchmark-infer-amp-nchw-pt291-cu130-5090 (3).csv.gz", "RTX 5090, AMP"),
        ("benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv", "i7-12700H, FP32, dynamo"),
        ("benchmark-infer-amp-nhwc-pt113-cu117-rtx3090.csv", "RTX 3090, AMP, channels last, PyTorch 1.13, CUDA 11.7"),
        ("benchmark-infer-amp-nchw-pt210-cu121-rtx3090.csv", "RTX 3090, AMP, PyTorch 2.1.0, CUDA 12.1"),
        ("benchmark-infer-amp-nchw-pt240-cu124-rtx4090-dynamo.csv", "RTX 4090, AMP, dynamo, PyTorch 2.4.0, CUDA 12.4"),
        ("benchmark-infer-fp32-nchw-pt221-cpu-i9_10940x-dynamo.csv", "i9-10940X, FP32, dynamo, PyTorch 2.2.1"),
        ("benchmark-infer-bf16-nchw-h100.csv", "H100, BF16"),
    ],
)
def test_name_of_the_file_says_what_was_measured_on(name: str, measured_on: str) -> None:
    survey, records, _ = read(BENCHMARK, name)
    assert {cell.condition for record in records for cell in record.cells} == {measured_on}
    assert len(survey.variant) <= 40
    assert len(measured_on) <= 100


@pytest.mark.parametrize(
    "name", ["", "speeds.csv", "benchmark-infer-amp-nchw.csv", "benchmark-infer-5090.csv", f"benchmark-{'x' * 50}-amp.csv"]
)
def test_benchmark_without_a_telling_name_is_refused_with_how_to_name_it(name: str) -> None:
    with pytest.raises(ListingError, match=re.escape(ON_5090)):
        read(BENCHMARK, name)


def test_other_versions_than_the_first_of_a_device_are_told() -> None:
    assert name_benchmark("amp-nchw-pt300-cu140-5090") == "RTX 5090, AMP, PyTorch 3.0.0, CUDA 14.0"
    assert stem_of("benchmark-infer-amp-nchw-5090.csv.gz") == "benchmark-infer-amp-nchw-5090"


# -- pretraining ------------------------------------------------------------------------------------------------------------------


def test_row_of_pretraining_is_a_record_without_values() -> None:
    _, records, problems = read(PRETRAINING, "model_metadata-in1k.csv")
    assert problems == []
    assert [(record.model, conditions_of(record)) for record in records] == [
        ("lanet_small", []),
        ("lanet_huge", [("extra_data", "ImageNet-21K")]),
        ("lanet_wide", [("extra_data", "IG-1B")]),
    ]
    assert not any(record.cells or record.tasks or record.datasets for record in records)


# -- bad input --------------------------------------------------------------------------------------------------------------------

ROW = "lanet_small.ra2_in1k,224,81.500,18.500,95.250,4.750,25.50,0.950,bicubic\n"
DAMAGE = {
    "too few cells": (ROW[:40] + "\n", "cells where the header has 9"),
    "too many cells": (ROW.strip() + ",x,y\n", "11 cells where the header has 9"),
    "the header again": (RESULTS.partition("\n")[0] + "\n", "header again"),
    "no model": ("," + ROW.partition(",")[2], "names no model"),
    "only a tag": (".in1k," + ROW.partition(",")[2], "names no model"),
    "10 MB in a cell": ("x" * 10_000_000 + ROW, "cell of more than"),
    "10 MB in quotes": ('"' + "x\n" * 100 + "y" * 10_000_000 + '"' + ROW[10:], "quotes are not closed"),
    "quotes that are never closed": ('"lanet' + ROW, "quotes are not closed"),
    "too many columns": (ROW.strip() + "," * 5000 + "\n", "more than 500 columns"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_bad_row_costs_no_other(damage: str) -> None:
    bad, reason = DAMAGE[damage]
    survey, records, problems = read(RESULTS + bad + RESULTS.partition("\n")[2], "results-imagenet.csv")
    assert [record.number for record in records][:2] == [1, 2]
    assert [record.cells[0].stated for record in records] == ["81.500", "90.125"] * 2
    assert reason in problems[0].reason
    assert (problems[0].record, problems[0].line) == (3, 4)
    assert survey.entries == 4 + len({problem.record for problem in problems})


def test_bad_encoding_and_nul_cost_only_their_letters() -> None:
    content = RESULTS.encode() + "naïve_net.in1k".encode("cp1252") + ROW.encode()[20:] + b"nul\x00net.in1k" + ROW.encode()[20:]
    content = content.replace(b"lanet_huge", "länet_huge".encode())
    _, records, problems = read(content, "results-imagenet.csv")
    assert [record.model for record in records] == ["lanet_small", "länet_huge", "na\ufffdve_net", "nul net"]
    assert [(problem.record, "no text" in problem.reason) for problem in problems] == [(3, True)]


def test_size_that_is_no_number_is_told_and_the_record_kept() -> None:
    _, records, problems = read(RESULTS + ROW.replace(",224,", ",huge,"), "results-imagenet.csv")
    assert conditions_of(records[2]) == []
    (problem,) = problems
    assert (problem.record, problem.column, problem.stated) == (3, "img_size", "huge")


def test_column_that_stands_twice_counts_once() -> None:
    content = RESULTS.replace("interpolation", "top1").replace("bicubic", "12.5")
    _, records, problems = read(content, "results-imagenet.csv")
    assert [record.cells[0].stated for record in records] == ["81.500", "90.125"]
    assert ["“top1” stands twice" in problem.reason for problem in problems] == [True]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_line_ends_and_encodings_of_all_kinds_are_read(end: str, encoding: str) -> None:
    _, records, problems = read(RESULTS.replace("\n", end).encode(encoding), "results-imagenet.csv")
    assert [record.model for record in records] == ["lanet_small", "lanet_huge"]
    assert problems == []


def test_table_of_a_header_alone_is_empty() -> None:
    with pytest.raises(EmptyListingError, match="no row"):
        read(RESULTS.partition("\n")[0] + "\n", "results-imagenet.csv")


def test_file_that_shrank_is_told() -> None:
    stream = io.BytesIO(RESULTS.encode())
    reader, survey = registry.survey(stream, chunk_size=1, name="results-imagenet.csv")
    (problem,) = reader.read(io.BytesIO(RESULTS[:150].encode()), survey, survey.chunks[1])
    assert isinstance(problem, Problem)
    assert problem.fatal


def test_packed_table_reads_as_it_does_unpacked() -> None:
    assert read(gzip.compress(RESULTS.encode()), "results-imagenet.csv.gz") == read(RESULTS, "results-imagenet.csv")


CELLS = st.sampled_from(["", "224", "81.5", "lanet.in1k", '"1,014.45"', '"', '""', "model", "\x00", "é", "9" * 300])
LINES = st.one_of(st.just(ROW.strip()), st.just(RESULTS.partition("\n")[0]), st.lists(CELLS, min_size=1, max_size=12).map(",".join))


@fuzz(200)
@given(
    lines=st.lists(LINES, max_size=12),
    end=st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    damage=st.lists(st.tuples(st.integers(0, 900), st.integers(0, 30), st.binary(max_size=6)), max_size=4),
)
def test_damaged_table_gives_records_or_a_clear_error(
    lines: list[str], end: str, encoding: str, damage: list[tuple[int, int, bytes]]
) -> None:
    content = (RESULTS + "\n".join(lines)).replace("\n", end).encode(encoding)
    for at, length, inserted in damage:
        content = content[:at] + inserted + content[at + length :]
    stream = io.BytesIO(content)
    try:
        reader, survey = registry.survey(stream, name="results-imagenet.csv")
    except ListingError:
        return
    if reader.name != "timm-results":
        return  # damage may make a title of the header
    whole = [item for chunk in survey.chunks for item in reader.read(stream, survey, chunk)]
    numbers = [item.number for item in whole if isinstance(item, TableRecord)]
    problems = [item for item in whole if isinstance(item, Problem)]
    assert {*numbers, *(problem.record for problem in problems)} == set(range(1, survey.entries + 1))
    assert numbers == sorted(set(numbers))
    assert not any(problem.fatal for problem in problems)
    _, again = registry.survey(stream, chunk_size=1, name="results-imagenet.csv")
    assert [item for chunk in again.chunks for item in reader.read(stream, again, chunk)] == whole


# -- the published tables ---------------------------------------------------------------------------------------------------------

PUBLISHED = {
    "results-imagenet.csv": 1556,
    "results-imagenetv2-matched-frequency.csv": 1556,
    ON_5090: 1627,
    "benchmark-infer-fp32-nchw-pt240-cpu-i7_12700h-dynamo.csv": 1440,
    "model_metadata-in1k.csv": 521,
}


@pytest.mark.shared
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_table_reads_whole(shared_dir: Path, name: str) -> None:
    content = (shared_dir / "imports" / "timm" / name).read_bytes()
    survey, records, problems = read(content, name)
    assert problems == []
    assert survey.entries == len(records) == PUBLISHED[name]
    assert [record.number for record in records] == list(range(1, len(records) + 1))
    for chunk_size in (7, 1000):
        again, *rest = read(content, name, chunk_size=chunk_size)
        assert rest == [records, problems]
        assert len(again.chunks) <= 64


@pytest.mark.shared
def test_every_published_result_meets_a_benchmark(shared_dir: Path) -> None:
    folder = shared_dir / "imports" / "timm"
    _, results, _ = read((folder / "results-imagenet.csv").read_bytes(), "results-imagenet.csv")
    _, costs, _ = read((folder / ON_5090).read_bytes(), ON_5090)
    measured = {(record.model, record.conditions[0]) for record in costs}
    assert all((record.model, record.conditions[0]) in measured for record in results)


@pytest.mark.shared
def test_every_published_tag_with_a_pretraining_names_its_data(shared_dir: Path) -> None:
    _, results, _ = read((shared_dir / "imports" / "timm" / "results-imagenet.csv").read_bytes(), "results-imagenet.csv")
    found: Counter[str] = Counter()
    for record in results:
        named = [condition.value for condition in record.conditions if condition.kind is ConditionKind.EXTRA_DATA]
        found.update(named)
        before, fine_tuned, _ = f"_{record.variant}".partition("_ft_in1k")
        if fine_tuned and before.strip("_") not in ("", "fcmae", "in1k", "mae_in1k", "nv_in1k"):
            assert named, record.variant
    assert found["ImageNet-21K"] == 185
    assert found["ImageNet-12K"] == 82
    assert len(found) == 15
