"""The admin: lists and pages of all objects, for curators and administrators. Whatever is written here goes through a service.

Nothing is counted that is not shown, nothing is sorted or looked for without an index, and no list asks row by row: a list of a million
claims opens as fast as one of a hundred.
"""

from claims.admin import catalogue, history, sources, statements

__all__ = ["catalogue", "history", "sources", "statements"]
