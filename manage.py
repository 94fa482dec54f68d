#!/usr/bin/env python
"""Claimboard's commands; `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leaderboard.settings.base")
    try:
        execute_from_command_line(sys.argv)
    except BrokenPipeError:
        # "manage.py board ... | head" has read enough; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
