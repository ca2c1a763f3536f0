"""UTKFace on disk: importing it, its labels, its splits and its index.

names    a file name -> age, gender, race and when it was collected
splits   which file is for training, for choosing and for testing
members  an archive or a folder -> its files, read safely
record   import.json, the one file that says which import is the dataset
index    the tables of usable files and of rejects
archive  import_dataset, which puts the others together

download  the archive from an address or from Kaggle, then imported;
          with fetch, transfer, mirror, kaggle
crops     where the faces are, found once and kept
faces     the faces that a training recipe is about

description  what ships instead of the images: quality, copies, a map, average faces;
             with duplicates, averages, face_map
explorer     all that is known of each face, as one table;
             with estimates, flags, selection, queries, filters, aggregates, ordering,
             issues, marks, exports
"""
