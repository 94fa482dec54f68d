from __future__ import annotations

import pytest

from claims import keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ImageNet-1K", "imagenet 1k"),
        ("Poincaré ResNet", "Poincare\u0301 RESNET"),
        ("ﬁne", "Fine"),
        ("Straße", "STRASSE"),
        ("A – B", "a b"),
    ],
)
def test_same_names_have_the_same_key(one: str, other: str) -> None:
    assert keys.squash(one) == keys.squash(other)


@pytest.mark.parametrize(("one", "other"), [("SeiT", "SeiT++"), ("C", "C#"), ("GPT-3.5", "GPT-35"), ("ε-net", "net"), ("résumé", "resume")])
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert keys.squash(one) != keys.squash(other)


def test_long_names_fit_their_column() -> None:
    assert len(keys.name_key("x" * 2000)) == 64
    assert len(keys.title_key("x" * 2000)) == 64


def test_setting_key_ignores_order_and_repetition_and_is_empty_for_none() -> None:
    one = keys.setting_key([("shots", "5"), ("protocol", "linear probe")])
    assert one == keys.setting_key([("protocol", "linear probe"), ("shots", "5"), ("shots", "5")])
    assert one != keys.setting_key([("shots", "5")])
    assert keys.setting_key([]) == ""


def test_condition_key_keeps_its_signs() -> None:
    assert keys.condition_key("1.5 %") == "1.5%" != keys.condition_key("15%")
