"""Make a dump of the site."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from claims import dumps
from claims.dumps.manifests import MANIFEST, read_manifest
from claims.errors import DumpError
from claims.management.databases import ensure_tables


class Command(BaseCommand):
    help = (
        "Make a dump of the site as it is now: public files for everybody, and an archive that “restore” builds the same site from. "
        "Others may go on working meanwhile. Without --output it is kept among the newest ones, which the site shows at /dumps/."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, metavar="DIR", help="the folder that the dump makes, and that is not there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        output: Path | None = options["output"]
        try:
            folder = dumps.dump_site(output.absolute() if output else None)
        except DumpError as error:
            raise CommandError(error.message) from error
        manifest = read_manifest(folder / MANIFEST)
        counts = ", ".join(f"{manifest.counts[name]:,} {name}" for name in ("papers", "claims", "costs", "boards"))
        self.stdout.write(f"{folder}\n{counts}; {len(manifest.files):,} public files of {manifest.size / 1e6:,.1f} MB")
