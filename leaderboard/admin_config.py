"""The admin as this site has it. A module of its own: Django looks through `apps.py` for one configuration."""

from __future__ import annotations

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    """Django's admin with the site's own index."""

    default_site = "leaderboard.admin_site.CuratorsSite"
