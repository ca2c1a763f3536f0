"""UTKFace on disk: getting it, importing it, its labels, its splits and its index.

names    a file name -> age, gender, race and when it was collected
splits   which file is for training, for choosing and for testing
members  an archive or a folder -> its files, read safely
record   import.json, the one file that says which import is the dataset
index    the tables of usable files and of rejects
archive  import_dataset, which puts the others together and gives an import_report

download  the archive from Kaggle's mirror or an address, then imported; with
          kaggle_mirror, kaggle_client, url_download
getting   an import or a download in the background, for a page to watch
crops     where the faces are, found once and kept
labelled_faces  the faces that a training recipe is about
"""
