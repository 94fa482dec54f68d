"""Kinds of flags that rules find on numbers, and up to which version a board was held against them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("claims", "0029_admin_groups"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="flag",
            name="flag_kind_known",
        ),
        migrations.AddField(
            model_name="benchmark",
            name="flagged_version",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="flag",
            name="kind",
            field=models.CharField(
                choices=[
                    ("identity", "identity"),
                    ("difference", "difference"),
                    ("gone", "gone"),
                    ("direction", "direction"),
                    ("bounds", "bounds"),
                    ("scale", "scale"),
                    ("far", "far"),
                    ("year", "year"),
                    ("count", "count"),
                    ("name", "name"),
                    ("conflict", "conflict"),
                    ("delta", "delta"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "identity",
                            "difference",
                            "gone",
                            "direction",
                            "bounds",
                            "scale",
                            "far",
                            "year",
                            "count",
                            "name",
                            "conflict",
                            "delta",
                        ],
                    )
                ),
                name="flag_kind_known",
            ),
        ),
    ]
