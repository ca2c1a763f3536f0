"""What the Dataset page computes of UTKFace: one table of faces, filters and orders."""
