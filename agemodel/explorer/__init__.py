"""What the Dataset page computes of UTKFace: one table of faces, filters and orders.

face_table       all that is known of each face, a row each
model_estimates  what a model's run estimated, and how alike it finds two faces
flags            what is remarkable about a face
selection        which faces are wanted, as a URL's query and in words; with queries
filters          the rows that a selection names, and counts beside each filter
aggregates       the small tables that charts are drawn from
ordering         sorted and paged rows, and faces that look alike
issues           what may be wrong with the data, and what it does to the error
marks            what a person thinks of a label
table_exports    a selection as a file to download

description      what ships instead of the images: quality, copies, a map, average
                 faces; with duplicates, averages, face_map
"""
