"""What pyproject.toml cannot say: where assets/ and the theme are installed."""

from setuptools import find_packages, setup

INSIDE = {"agemodel.assets": "assets", "agemodel.assets.theme": ".streamlit"}

setup(packages=[*find_packages(include=["agemodel*"]), *INSIDE], package_dir=INSIDE)
