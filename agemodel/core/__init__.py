"""The base of every other package: errors, labels, paths, files and their checksums.

It imports no other package of the project. Import its modules one by one, so that
whoever needs only `errors` loads no pyarrow.
"""
