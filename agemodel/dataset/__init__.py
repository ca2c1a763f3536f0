"""UTKFace on disk: importing it, its labels, its splits and its index.

names    a file name -> age, gender, race and when it was collected
splits   which file is for training, for choosing and for testing
members  an archive or a folder -> its files, read safely
record   import.json, the one file that says which import is the dataset
index    the tables of usable files and of rejects
archive  import_dataset, which puts the others together
"""
