"""Decisions are append-only and paper texts immutable; the database itself refuses.

SQLite drops a table's triggers when a later migration rebuilds the table: such a migration must run `create` again. The test
suite asserts that the triggers stand after all migrations.
"""

from django.db import migrations

APPEND_ONLY = ("claims_changeset", "claims_decision")
TEXT_COLUMNS = ("sha256", "title", "abstract")


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in APPEND_ONLY:
            for event in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        schema_editor.execute(
            f"CREATE TRIGGER claims_papertext_no_update BEFORE UPDATE OF {', '.join(TEXT_COLUMNS)} ON claims_papertext "
            "BEGIN SELECT RAISE(ABORT, 'claims_papertext is immutable'); END"
        )
    elif schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE FUNCTION claims_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$",
            params=None,  # the percent sign is the message's own
        )
        for table in APPEND_ONLY:
            schema_editor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION claims_refuse()"
            )
        schema_editor.execute(
            f"CREATE TRIGGER claims_papertext_no_update BEFORE UPDATE OF {', '.join(TEXT_COLUMNS)} ON claims_papertext "
            "FOR EACH ROW EXECUTE FUNCTION claims_refuse()"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table in APPEND_ONLY:
            for event in ("update", "delete"):
                schema_editor.execute(f"DROP TRIGGER {table}_no_{event}")
        schema_editor.execute("DROP TRIGGER claims_papertext_no_update")
    elif schema_editor.connection.vendor == "postgresql":
        for table in APPEND_ONLY:
            schema_editor.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        schema_editor.execute("DROP TRIGGER claims_papertext_no_update ON claims_papertext")
        schema_editor.execute("DROP FUNCTION claims_refuse()")


class Migration(migrations.Migration):
    dependencies = [("claims", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
