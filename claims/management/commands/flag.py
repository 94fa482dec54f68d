"""Hold the numbers of all boards against the rules that flag what a person should look at."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from claims.management.databases import ensure_tables
from claims.models import Flag
from claims.services import flagging
from claims.terms import FLAGS_BY_RULE


class Command(BaseCommand):
    help = (
        "Hold the numbers of boards against the rules that flag what a person should look at: numbers that a metric cannot have, fractions "
        "among percentages, years, conflicts with other papers and others. Workers do so by themselves when a board has changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="look at all boards, not only at those that changed since")
        parser.add_argument("--list", action="store_true", help="print each open flag")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_tables(make=False)
        done = flagging.flag_all() if options["all"] else flagging.flag_outdated()
        self.stdout.write(f"{done.boards} boards looked at: {done.new} new flags, {done.changed} in other words, {done.gone} taken away.")
        open_ = Flag.objects.filter(kind__in=FLAGS_BY_RULE, settled_by__isnull=True)
        counts = Counter(open_.values_list("kind", flat=True))
        for kind in FLAGS_BY_RULE:
            self.stdout.write(f"  {kind}: {counts[kind]} open")
        if options["list"]:
            for flag in open_.order_by("kind", "pk").iterator():
                self.stdout.write(f"{flag.kind} {flag.object_kind} {flag.object_id}: {flag.note}")
