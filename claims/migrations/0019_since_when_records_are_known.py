"""Says of each board's standing record since when it is known: since its paper, or the table that states it, is here.

What an earlier release had of when a number came is not more. Records that were beaten since stay without: they are no news.
"""

from django.db import migrations
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce

BATCH = 500


def note(apps, schema_editor):
    table = apps.get_model("claims", "Record")
    later = table.objects.filter(benchmark=OuterRef("benchmark"), accepted_only=OuterRef("accepted_only"), day__gt=OuterRef("day"))
    standing = table.objects.filter(~Exists(later), known__isnull=True)
    came = Coalesce("claim__paper_text__paper__created", "claim__source_record__source__created")
    found = [table(pk=pk, known=known) for pk, known in standing.values_list("pk", came)]
    table.objects.bulk_update(found, ["known"], batch_size=BATCH)


class Migration(migrations.Migration):
    dependencies = [("claims", "0018_known_records")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
