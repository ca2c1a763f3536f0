"""The Evaluation page, a module a view.

Throughout, `run` is the run that is looked at, `estimates` its faces, as returned by
`read_predicted`, and `rows` the faces that count, a mask of shape (n,).
"""
