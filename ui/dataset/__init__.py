"""The Dataset page, a module a view.

Throughout, `faces` is the table as returned by `read_faces`, `face` a row of it by
attributes, `left` the faces that the filters leave, a mask of shape (n,), `found` what
`filters.masks` returns, and `counted` what `filters.counts` returns.
"""
