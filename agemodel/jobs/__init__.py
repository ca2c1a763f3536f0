"""Trainings, evaluations and exports as processes that run beside the app.

locks      one training at a time, whoever started it
processes  processes by number and time of birth
records    the record of a run's newest job, from which its state is known
progress   how far a job is, and how long it still takes
control    start and stop
best       the best model of a run that was stopped
named_jobs  jobs that work on no run, one of a kind at a time
footage_jobs, bulk_jobs  looking at footage, and estimating a folder
sweep      variants of a recipe, trained some at a time
ray_cluster  joining a Ray cluster
forecast   how long a training may take, from earlier runs
"""
