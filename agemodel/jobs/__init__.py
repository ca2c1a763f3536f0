"""Trainings, evaluations and exports as processes that outlive the page.

locks      one training at a time, whoever started it
processes  a process told from a later one with its number
records    what was started, and how it stands, in the run's folder
progress   how far it is
control    start and stop
best       the best model of a run that was stopped
forecast   how long a training may take, by earlier runs
"""
