from __future__ import annotations

import pytest

from claims.boards.families import family_key, family_of, group_families
from claims.boards.rows import Row
from claims.terms import Role


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("ConvNeXt-T", "ConvNeXt"),
        ("convnext_large", "convnext"),
        ("ConvNeXt V2-H", "ConvNeXt V2"),
        ("eva02_large_patch14_448", "eva02"),
        ("vit_so400m_patch14_siglip_378", "vit"),
        ("ViT-H/14", "ViT"),
        ("ResNet-50", "ResNet"),
        ("resnet152d", "resnet"),
        ("wide_resnet50_2", "wide_resnet"),
        ("tiny_vit_21m_224", "tiny_vit"),
        ("inception_v3", "inception_v3"),
        ("YOLOv10-X", "YOLOv10"),
        ("EfficientNet-B7", "EfficientNet"),
        ("RegNetY-16GF", "RegNetY"),
        ("MobileNetV2 1.0x", "MobileNetV2"),
        ("Llama-3.1-8B", "Llama-3.1"),
        ("GPT-4", "GPT-4"),
        ("Model soups", "Model soups"),
        ("Swin Transformer", "Swin Transformer"),
        ("T", "T"),
        ("50", "50"),
        ("---", "---"),
        ("", ""),
    ],
)
def test_family_is_the_name_without_sizes(model: str, family: str) -> None:
    assert family_of(model) == family


def test_spellings_of_a_family_are_one() -> None:
    assert {family_key(name) for name in ("SwinV2-L", "swinv2_large_window12to16", "Swin V2-T")} == {"swinv2"}
    assert family_key("resnet50") != family_key("resnext50")


def make_row(pk: int, model: str, *, named: bool = True) -> Row:
    return Row(pk, f"row-{pk}", model, named=named, variant="", role=Role.PROPOSED, day="", imported=False, ranks=True)


def test_families_have_two_rows_and_the_commonest_name() -> None:
    models = ["ConvNeXt-T", "convnext_large", "ConvNeXt-B", "Alone", "B-50", "ResNet-50", "ResNet-101"]
    rows = [make_row(pk, model) for pk, model in enumerate(models)]
    untitled = [make_row(pk, "A paper about much", named=False) for pk in (20, 21)]
    families = group_families([*rows, *untitled])
    assert [(family.name, [row.model for row in family.rows]) for family in families] == [
        ("ConvNeXt", ["ConvNeXt-T", "convnext_large", "ConvNeXt-B"]),
        ("ResNet", ["ResNet-50", "ResNet-101"]),
    ]
