"""The app's router: `streamlit run app.py`.

Streamlit imports this file once, for `app`, when the server starts; then it runs it
as `__main__` for every visitor and at every rerun.
"""

import streamlit as st

from agemodel.core import paths
from ui import presentation
from ui.server import chart_taps
from ui.server.startup import lifespan, middleware, routes

ESTIMATE = "pages/estimate.py"
STYLE = paths.ROOT / "ui" / "app.css"


def pages() -> list[st.Page]:
    """Every page, in the order of the menu; a new one is a line here."""
    return [
        st.Page(
            ESTIMATE,
            title="Estimate",
            icon=":material/frame_person:",
            url_path="",
            default=True,
        ),
        st.Page("pages/footage.py", title="Footage", icon=":material/videocam:"),
        st.Page("pages/dataset.py", title="Dataset", icon=":material/grid_view:"),
        st.Page(
            "pages/training.py", title="Training", icon=":material/model_training:"
        ),
        st.Page("pages/evaluation.py", title="Evaluation", icon=":material/analytics:"),
        st.Page("pages/about.py", title="About", icon=":material/info:"),
        st.Page("pages/folder.py", title="Folder", visibility="hidden"),
        st.Page(_estimate_by_name, url_path="estimate", visibility="hidden"),
    ]


def _estimate_by_name() -> None:
    """Redirect /estimate to /, the only path that the first page answers to."""
    st.switch_page(ESTIMATE)


def main() -> None:
    """Draw the page that one visitor asked for."""
    st.set_page_config(page_icon=paths.ASSETS / "icon.png", layout="wide")
    st.logo(paths.ASSETS / "logo.svg", size="large")
    st.html(STYLE)
    presentation.apply()
    chart_taps.load()
    menu = pages()
    bare = presentation.without_sidebar()
    page = st.navigation(menu, position="hidden" if bare else "top")
    if bare:  # on a phone Streamlit would hide the pages in a sidebar without a name
        # One a page, so that it closes when another page is chosen.
        key = f"menu_{page.url_path}"
        with st.popover("Menu", icon=":material/menu:", key=key):
            for one in menu:
                if one.visibility != "hidden":
                    st.page_link(one)
    page.run()


app = st.App(__file__, lifespan=lifespan, routes=routes(), middleware=middleware())

if __name__ == "__main__":
    main()
