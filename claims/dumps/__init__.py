"""Dumps: all that the site shows as files that others build on, and an archive that the same site is restored from.

A dump is a folder. What stands in its `manifest.json` is public; `restore/` beside it is for the operator alone (`archive`).
"""

from claims.dumps.keeping import ARCHIVE, Kept, find_dump, list_dumps, next_nightly
from claims.dumps.manifests import MANIFEST, Manifest, WrittenFile
from claims.dumps.restoring import Restored, restore_site
from claims.dumps.writing import dump_site

__all__ = [
    "ARCHIVE",
    "MANIFEST",
    "Kept",
    "Manifest",
    "Restored",
    "WrittenFile",
    "dump_site",
    "find_dump",
    "list_dumps",
    "next_nightly",
    "restore_site",
]
