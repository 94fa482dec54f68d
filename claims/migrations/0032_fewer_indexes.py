"""Drops indexes that are written with every change of a number or a row, and that nothing reads.

The unique constraints of numbers begin with their text and their record. PostgreSQL gets a second index of each unique text from Django,
for what begins with some letters: nobody looks for the beginning of a public id.

Only the indexes are dropped: to alter the fields would copy the tables on SQLite.
"""

import django.db.models.deletion
from django.db import migrations, models

NUMBERS = ("Claim", "Cost")
ROWS = ("Claim", "Cost", "Result", "ResultValue", "CostLink")


def drop_indexes(apps, schema_editor):
    for name in ROWS:
        table = apps.get_model("claims", name)._meta.db_table
        unread = [["public_id"], *([["paper_text_id"], ["source_record_id"]] if name in NUMBERS else [])]
        with schema_editor.connection.cursor() as cursor:
            found = schema_editor.connection.introspection.get_constraints(cursor, table)
        for index, of in found.items():
            if of["index"] and not of["unique"] and of["columns"] in unread:
                schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(index)}")


def make_indexes(apps, schema_editor):
    for name in ROWS:
        model = apps.get_model("claims", name)
        if name in NUMBERS:
            for field in ("paper_text", "source_record"):
                schema_editor.execute(schema_editor._create_index_sql(model, fields=[model._meta.get_field(field)]))
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(schema_editor._create_like_index_sql(model, model._meta.get_field("public_id")))


def without_index(model, field, to):
    return migrations.AlterField(
        model_name=model,
        name=field,
        field=models.ForeignKey(
            blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to=to
        ),
    )


class Migration(migrations.Migration):

    dependencies = [
        ("claims", "0031_verification_and_reports"),
    ]

    operations = [
        # First, so that going back finds the fields as they were.
        migrations.RunPython(drop_indexes, make_indexes),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                without_index(model, field, to)
                for model in ("claim", "cost")
                for field, to in (("paper_text", "claims.papertext"), ("source_record", "claims.sourcerecord"))
            ]
        ),
    ]
