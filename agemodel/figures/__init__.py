"""Arrays, data frames and run records in, Plotly figures out; a module a page.

Colours are left to the theme of the page, so that a figure fits light and dark.
"""
