import django.db.models.deletion
from django.db import migrations, models


def store_as_is(apps, schema_editor):
    """Let PostgreSQL store the bytes as they are: they come compressed."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE claims_boardstandings ALTER COLUMN packed SET STORAGE EXTERNAL")


class Migration(migrations.Migration):
    dependencies = [("claims", "0014_boards_without_records")]

    operations = [
        migrations.CreateModel(
            name="BoardStandings",
            fields=[
                (
                    "benchmark",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="claims.benchmark",
                    ),
                ),
                ("board_version", models.PositiveIntegerField()),
                ("layout", models.PositiveSmallIntegerField()),
                ("packed", models.BinaryField()),
            ],
        ),
        migrations.RunPython(store_as_is, migrations.RunPython.noop),
    ]
