"""What the header of a column says."""

from __future__ import annotations

import pytest

from claims.listings.headers import read_header, strip_marks
from claims.terms import CostMeasure as Cost

pytestmark = pytest.mark.embedded  # knows no database


@pytest.mark.parametrize(
    ("header", "measure", "unit"),
    [
        ("Number of params", Cost.PARAMETERS, ""),
        ("Params", Cost.PARAMETERS, ""),
        ("Parameters", Cost.PARAMETERS, ""),
        ("#Params", Cost.PARAMETERS, ""),
        ("# Param.", Cost.PARAMETERS, ""),
        ("param_count", Cost.PARAMETERS, ""),
        ("Params (M)", Cost.PARAMETERS, "M"),
        ("Params(B)", Cost.PARAMETERS, "G"),
        ("Number of params [millions]", Cost.PARAMETERS, "M"),
        ("GFLOPs", Cost.FLOPS, "G"),
        ("FLOPs", Cost.FLOPS, ""),
        ("FLOPS (G)", Cost.FLOPS, "G"),
        ("FLOPs (GFLOPs)", Cost.FLOPS, "G"),
        ("MACs", Cost.MACS, ""),
        ("GMACs", Cost.MACS, "G"),
        ("Mult-Adds (M)", Cost.MACS, "M"),
        ("FPS", Cost.THROUGHPUT, "1/s"),
        ("Frame (fps)", Cost.THROUGHPUT, "1/s"),
        ("Throughput (images/s)", Cost.THROUGHPUT, "1/s"),
        ("images per second", Cost.THROUGHPUT, "1/s"),
        ("Throughput", Cost.THROUGHPUT, ""),
        ("Latency (ms)", Cost.LATENCY, "ms"),
        ("GPU latency", Cost.LATENCY, ""),
        ("inference time", Cost.INFERENCE_TIME, ""),
        ("Time (ms)", Cost.INFERENCE_TIME, "ms"),
        ("Training time (h)", Cost.TRAINING_TIME, "h"),
        ("Search time (GPU days)", Cost.GPU_DAYS, ""),
        ("Model size (MB)", Cost.MODEL_SIZE, "MB"),
        ("Peak memory (GB)", Cost.MEMORY, "GB"),
        ("**Params**", Cost.PARAMETERS, ""),
    ],
)
def test_header_of_a_cost_says_its_measure_and_unit(header: str, measure: Cost, unit: str) -> None:
    assert read_header(header) == ("", measure, unit)


@pytest.mark.parametrize(
    ("header", "metric", "unit"),
    [
        ("EM", "EM", ""),
        ("**F1**", "F1", ""),
        ("Accuracy (%)", "Accuracy", "%"),
        ("Top-1 [%]", "Top-1", "%"),
        ("P@10%", "P@10%", ""),
        ("Test Accuracy", "Accuracy", ""),
        ("% Test Accuracy", "Accuracy", "%"),
        ("Test ROC-AUC", "ROC-AUC", ""),
        ("Test perplexity", "Perplexity", ""),
        ("Test mIoU", "mIoU", ""),
        ("Accuracy (test)", "Accuracy", ""),
        ("Test", "Test", ""),
        ("Dev", "Dev", ""),
        ("Validation Accuracy", "Validation Accuracy", ""),
        ("% Train Accuracy", "Train Accuracy", "%"),
        ("test-dev AP", "test-dev AP", ""),
        ("Test-time Accuracy", "Test-time Accuracy", ""),
        ("Bit per Character (BPC)", "Bit per Character (BPC)", ""),
        ("Parameter Efficiency", "Parameter Efficiency", ""),
        ("Time to first token", "Time to first token", ""),
        ("Time", "Time", ""),
        ("Speed", "Speed", ""),
        ("", "", ""),
        (" ** ", "**", ""),
    ],
)
def test_header_of_a_metric_says_its_name_and_unit(header: str, metric: str, unit: str) -> None:
    assert read_header(header) == (metric, None, unit)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Net<sub>big</sub>", "Netbig"),
        ("[Net](https://example.org/net)", "Net"),
        ("_Restricted_ `set`", "Restricted set"),
        ("Q&amp;A  Net", "Q&A Net"),
        ("A* search and B*", "A* search and B*"),
        ("snake_case_net", "snake_case_net"),
        ("a < b > c", "a < b > c"),
        ("Net*+tricks", "Net*+tricks"),
    ],
)
def test_marks_around_words_are_no_part_of_them(text: str, plain: str) -> None:
    assert strip_marks(text) == plain
