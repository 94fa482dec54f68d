"""The domain: listings, extraction, boards, curation. It knows no page."""

VERSION = "0.1.0"
"""Of the software, as pyproject.toml has it."""
