"""Notes that the boards which are there have no contenders yet: they are given theirs where they are given their records.

See `0014_boards_without_records`. To settle records that stand already changes nothing.
"""

from django.db import migrations


def note(apps, schema_editor):
    if apps.get_model("claims", "Benchmark").objects.exists():
        apps.get_model("claims", "CatalogueState").objects.update_or_create(pk=1, defaults={"unrecorded_from": 0})


class Migration(migrations.Migration):
    dependencies = [("claims", "0021_review_leases")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
