"""The Training page, a module a view.

Throughout, `known` is all runs by id, as returned by `training_state.runs`; where runs
are shown there is one at least.
"""
