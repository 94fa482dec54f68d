"""The list of formats."""

from __future__ import annotations

import pytest

from claims.errors import UnknownFormatError
from claims.listings.registry import READERS, get_reader


def test_readers_have_names_of_their_own() -> None:
    assert len({reader.name for reader in READERS}) == len(READERS)
    assert all(get_reader(reader.name) is reader for reader in READERS)


def test_unknown_reader_is_told_with_the_known() -> None:
    with pytest.raises(UnknownFormatError, match="daily-papers"):
        get_reader("gopher")
