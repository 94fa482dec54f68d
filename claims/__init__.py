"""The domain: listings, extraction, boards, curation. It knows no page."""
