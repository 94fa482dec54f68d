"""Draws boards as Plotly figures for the browser. No queries; nothing else of the site knows Plotly.

`drawing` has the one function that is called for; `marks` is what the pages' keys need to know and imports no Plotly.
"""
