"""The JSON API, version 1: what the pages show, for programs. It reads through `boards` and `filters`, and knows no rules of its own."""
