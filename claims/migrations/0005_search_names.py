"""The names that a search looks through, with a trigram index of what they say.

PostgreSQL has GIN indexes for it. On SQLite two FTS5 tables stand beside the plain ones and triggers keep them in step; SQLite
drops a table's triggers and the indexes made here when a later migration rebuilds the table: such a migration must run `create`
again. The test suite asserts that they stand after all migrations.
"""

from django.db import DatabaseError, migrations, models

NO_TRIGRAMS = (
    "Searching needs PostgreSQL's extension pg_trgm in this database, and it could not be made here. It comes with PostgreSQL (on Debian "
    "with the server's own package, elsewhere in postgresql-contrib). Let the database's owner or a superuser run: "
    "CREATE EXTENSION pg_trgm; and then migrate again. PostgreSQL said: {error}"
)
NO_FTS = (
    "Searching needs SQLite 3.34 or newer with FTS5, and Python's own lacks it. Use a newer Python, or PostgreSQL (DATABASE_URL). "
    "SQLite said: {error}"
)
INDEXED = {"claims_searchname": "words", "claims_searchword": "word"}


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for table, column in INDEXED.items():
            try:
                schema_editor.execute(
                    f"CREATE VIRTUAL TABLE {table}_fts USING fts5("
                    f"{column}, content='{table}', content_rowid='id', tokenize='trigram case_sensitive 1')"
                )
            except DatabaseError as error:
                raise DatabaseError(NO_FTS.format(error=error)) from error
            add = f"INSERT INTO {table}_fts (rowid, {column}) VALUES (new.id, new.{column});"
            remove = f"INSERT INTO {table}_fts ({table}_fts, rowid, {column}) VALUES ('delete', old.id, old.{column});"
            schema_editor.execute(f"CREATE TRIGGER {table}_fts_insert AFTER INSERT ON {table} BEGIN {add} END")
            schema_editor.execute(f"CREATE TRIGGER {table}_fts_delete AFTER DELETE ON {table} BEGIN {remove} END")
            schema_editor.execute(f"CREATE TRIGGER {table}_fts_update AFTER UPDATE OF {column} ON {table} BEGIN {remove} {add} END")
        schema_editor.execute("CREATE INDEX claims_searchname_by_key ON claims_searchname (key)")
    elif schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            # Asked first: who may not make extensions may use one that is there.
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            there = cursor.fetchone() is not None
        if not there:
            try:
                schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            except DatabaseError as error:
                raise DatabaseError(NO_TRIGRAMS.format(error=error)) from error
        for table, column in INDEXED.items():
            schema_editor.execute(f"CREATE INDEX {table}_by_trigram ON {table} USING gin ({column} gin_trgm_ops)")
        # Byte by byte, as SQLite compares: a range of keys is then the same on both.
        schema_editor.execute('CREATE INDEX claims_searchname_by_key ON claims_searchname (key COLLATE "C")')


def drop(apps, schema_editor):
    schema_editor.execute("DROP INDEX claims_searchname_by_key")
    for table in INDEXED:
        if schema_editor.connection.vendor == "sqlite":
            for event in ("insert", "delete", "update"):
                schema_editor.execute(f"DROP TRIGGER {table}_fts_{event}")
            schema_editor.execute(f"DROP TABLE {table}_fts")
        elif schema_editor.connection.vendor == "postgresql":
            # The extension stays: somebody else may have made it, or use it.
            schema_editor.execute(f"DROP INDEX {table}_by_trigram")


class Migration(migrations.Migration):
    dependencies = [("claims", "0004_watch_listings")]

    operations = [
        migrations.CreateModel(
            name="SearchName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("board", "board"), ("dataset", "dataset"), ("model", "model"), ("paper", "paper")], max_length=8
                    ),
                ),
                ("object_id", models.BigIntegerField()),
                ("name", models.TextField()),
                ("key", models.CharField(max_length=200)),
                ("words", models.TextField()),
                ("alias", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "object_id", "key"), name="search_name_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["board", "dataset", "model", "paper"])), name="search_name_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.CharField(max_length=60, unique=True)),
            ],
        ),
        migrations.RunPython(create, drop),
    ]
