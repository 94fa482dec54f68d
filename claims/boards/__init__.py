"""Reads whole boards, papers and lists in a fixed number of queries.

`reading` has the board itself; it takes rows and numbers from `numbers`, and their order and front from `order`.
"""

from claims.boards.home import (
    AreaBoards,
    Summary,
    Unled,
    count_single_boards,
    find_benchmark,
    list_areas,
    list_boards,
    list_largest_boards,
    list_latest_records,
    list_records_of,
)
from claims.boards.listings import count_listings, list_entries, list_latest_listings, list_listings, list_names, list_records, read_years
from claims.boards.papers import PaperPage, RecordPage, find_withdrawals, read_paper, read_paper_statements, read_record
from claims.boards.reading import FILTERS, PAGE_SIZE, list_ways_out, read_board
from claims.boards.rows import (
    Board,
    Cell,
    Column,
    CostChoice,
    Facet,
    Number,
    Origin,
    Row,
    Sentence,
    Tradeoff,
    condition_of,
    measure_of,
)

__all__ = [
    "FILTERS",
    "PAGE_SIZE",
    "AreaBoards",
    "Board",
    "Cell",
    "Column",
    "CostChoice",
    "Facet",
    "Number",
    "Origin",
    "PaperPage",
    "RecordPage",
    "Row",
    "Sentence",
    "Summary",
    "Tradeoff",
    "Unled",
    "condition_of",
    "count_listings",
    "count_single_boards",
    "find_benchmark",
    "find_withdrawals",
    "list_areas",
    "list_boards",
    "list_entries",
    "list_largest_boards",
    "list_latest_listings",
    "list_latest_records",
    "list_listings",
    "list_names",
    "list_records",
    "list_records_of",
    "list_ways_out",
    "measure_of",
    "read_board",
    "read_paper",
    "read_paper_statements",
    "read_record",
    "read_years",
]
