"""Plotly figures of arrays, data frames and run records.

Each page has modules of its own. Colours are left to the theme of the page, so that a
figure fits light and dark.
"""
