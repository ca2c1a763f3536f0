"""Apparent age and gender of faces in photos, with honest uncertainty.

Importing the package makes no folder, reads no file and loads neither TensorFlow nor
Streamlit; each module says what it needs.
"""

__version__ = "0.1.0"
