from __future__ import annotations

import pytest

from claims.errors import ClaimsError
from claims.listings.base import Column
from claims.listings.columns import guess_meanings, read_column, write_column
from claims.terms import ColumnMeaning


def guess(header: str, *values: str) -> str:
    return write_column(guess_meanings([header], [[value] for value in values])[0])


@pytest.mark.parametrize(
    ("header", "values", "meaning"),
    [
        ("Model", ["ResNet-50"], "model"),
        ("method_name", ["A"], "model"),
        ("ModelName", ["A"], "model"),
        ("Variant", ["tiny"], "variant"),
        ("Acc (%)", ["81.2", "-"], "metric:Accuracy:%"),
        ("top1", ["81.2"], "metric:Top-1 accuracy"),
        ("Acc@5", ["95"], "metric:Top-5 accuracy"),
        ("mIoU", ["45.1 ± 0.2"], "metric:mIoU"),
        ("BLEU-4", ["**27.3**"], "metric:BLEU-4"),
        ("Params (M)", ["25.6"], "cost:parameters:M"),
        ("GFLOPs", ["4.1"], "cost:flops:G"),
        ("latency_ms", ["3.2"], "cost:latency:ms"),
        ("Paper", ["A study of nets"], "paper_title"),
        ("Paper", ["https://arxiv.org/abs/2101.00001"], "paper_url"),
        ("arXiv", ["2101.00001"], "paper_url"),
        ("where", ["https://example.org/a"], "paper_url"),
        ("speed", ["1234.5678"], "metric:speed"),
        ("link", ["https://github.com/a/b"], "code_url"),
        ("where", ["https://github.com/a/b"], "code_url"),
        ("Code", ["https://example.org/a"], "code_url"),
        ("Date", ["2021-01-02"], "date"),
        ("Year", ["2021"], "date"),
        ("when", ["2021-01-02"], "date"),
        ("Dataset", ["COCO"], "dataset"),
        ("Task", ["Detection"], "task"),
        ("img_size", ["224"], "condition:resolution"),
        ("Extra training data", ["yes"], "condition:extra_data"),
        ("#", ["1"], "ignore"),
        ("Rank", ["1"], "ignore"),
        ("mIoU", ["-", ""], "ignore"),
    ],
)
def test_header_and_values_say_what_a_column_means(header: str, values: list[str], meaning: str) -> None:
    assert guess(header, *values) == meaning


def test_only_one_column_is_the_model_and_none_the_same_metric_twice() -> None:
    meanings = guess_meanings(["Model", "Method", "Acc", "Accuracy (2)", "Params", "#Params"], [["a", "b", "1", "2", "3M", "4M"]])
    written = [write_column(found) for found in meanings]
    assert written == ["model", "ignore", "metric:Accuracy", "metric:Accuracy (2)", "cost:parameters", "ignore"]


def test_table_without_a_word_for_its_models_has_them_in_its_first_text() -> None:
    meanings = guess_meanings(["rank", "Who", "F1"], [["1", "Net", "70.1"]])
    assert [found.meaning for found in meanings] == [ColumnMeaning.IGNORE, ColumnMeaning.MODEL, ColumnMeaning.METRIC]


@pytest.mark.parametrize(
    "column",
    [
        Column(ColumnMeaning.MODEL),
        Column(ColumnMeaning.METRIC, "F1: macro", "%"),
        Column(ColumnMeaning.COST, "parameters", "", "RTX 5090, AMP"),
        Column(ColumnMeaning.CONDITION, "shots"),
    ],
)
def test_written_meaning_is_read_back(column: Column) -> None:
    assert read_column(write_column(column)) == column


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("score", "is no meaning of a column. Known are ignore, model"),
        ("", "is no meaning"),
        ("cost:weight", "is no measure of a cost"),
        ("condition:mood", "is no kind of condition"),
        ("model:a", "says too much: write model"),
        ("metric:a:b:c", "says too much: write metric:NAME"),
    ],
)
def test_meaning_that_is_none_is_refused_with_what_there_is(written: str, message: str) -> None:
    with pytest.raises(ClaimsError, match=message):
        read_column(written)
