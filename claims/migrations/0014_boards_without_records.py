"""Notes that the boards which are there have no records yet.

`manage.py prepare`, `run`, `load_catalogue` and `ingest` give them theirs: who leads a board is worked out in one place, and that is
not a migration. Board after board, so that one that is cut off goes on where it was.
"""

from django.db import migrations


def note(apps, schema_editor):
    if apps.get_model("claims", "Benchmark").objects.exists():
        apps.get_model("claims", "CatalogueState").objects.update_or_create(pk=1, defaults={"unrecorded_from": 0})


class Migration(migrations.Migration):
    dependencies = [("claims", "0013_records")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
