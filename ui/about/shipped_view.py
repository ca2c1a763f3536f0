"""What ships and what runs: files with licence and checksum, versions, citations."""

from __future__ import annotations

import re

import streamlit as st

from agemodel.core import paths
from agemodel.core.errors import AgeModelError
from agemodel.models import shipped
from ui.shown_tables import show_table

LICENCES = paths.ROOT / "docs" / "licences.md"
_TO_FILE = re.compile(r"\[[^\]]*\]\(([\w.-]+\.md)\)")


def show_licences() -> None:
    """Draw the terms of the code, the weights and the data, from their file."""
    try:
        text = LICENCES.read_text("utf-8")
    except OSError:
        st.warning(
            "docs/licences.md is missing. Restore it: `git checkout -- docs`",
            icon=":material/gavel:",
        )
        return
    st.markdown(without_files(text.partition("\n")[2]))


def without_files(text: str) -> str:
    """Markdown whose links to files of docs/, which are not served, are names."""
    return _TO_FILE.sub(r"`docs/\1`", text)


def show_files() -> None:
    """Draw every file that ships with a checksum; hold it to that when asked."""
    try:
        files = shipped.shipped_files()
    except AgeModelError as error:
        st.error(str(error))
        return
    st.markdown(
        f"{len(files)} files of `assets/`, each with where it is from, its terms and "
        "its checksum, as the manifests beside them say."
    )
    text = st.column_config.TextColumn
    columns = {
        "name": text("File", width="medium"),
        "source": text("Source", width="medium"),
        "licence": text("Licence", width="medium"),
        "sha256": text("SHA-256", width="large"),
    }
    rows = [{name: getattr(file, name) for name in columns} for file in files]
    show_table(rows, columns, "Shipped files with source, licence and checksum")
    if st.button("Verify checksums", key="about_check", icon=":material/fact_check:"):
        _show_check(files)


def _show_check(files: list[shipped.ShippedFile]) -> None:
    wrong = [file.name for file in files if not file.is_intact()]
    if wrong:
        st.error(
            f"{len(wrong)} of {len(files)} files are missing or differ: "
            f"{', '.join(wrong)}. Restore them: `git checkout -- assets`"
        )
    else:
        st.success(f"All {len(files)} files are what their checksums say.")


def show_versions() -> None:
    """Draw the versions of this project and of what it runs on."""
    rows = [
        {"Package": name, "Version": version}
        for name, version in shipped.installed_versions().items()
    ]
    st.dataframe(rows, hide_index=True, height="content", alt="Installed versions")


def show_citations() -> None:
    """Draw how to cite the data and this project, as BibTeX."""
    st.markdown("The data, as their authors ask:")
    st.code(shipped.CITATION_OF_DATA, language="latex", wrap_lines=True)
    st.markdown("This project:")
    st.code(shipped.citation_of_project(), language="latex", wrap_lines=True)
