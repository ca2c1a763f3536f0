"""What every other package stands on: errors, labels, paths, files and their checksums.

Imports nothing of the project but itself. Its modules are imported one by one, so that
what needs only `errors` loads no pyarrow.
"""
