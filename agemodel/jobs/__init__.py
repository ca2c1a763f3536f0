"""Trainings, evaluations and exports as processes that run beside the app.

locks      one training at a time, whoever started it
processes  processes by number and time of birth
records    the record of a run's newest job, from which its state is known
progress   how far a job is, and how long it still takes
control    start and stop
best       the best model of a run that was stopped
footage_jobs  start looking at footage, and list what was found
forecast   how long a training may take, from earlier runs
"""
