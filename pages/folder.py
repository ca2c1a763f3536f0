"""Very many photos in a folder of this machine: start, watch, and see what came."""

from ui.folder.folder_form import show_form, show_notice, show_watch
from ui.folder.folder_results import COMMAND, show_results
from ui.folder.folder_state import STATE
from ui.job_page import show_page

ELSEWHERE = (
    f"A folder of the machine that runs this app is for whoever runs it: `{COMMAND}`"
)

show_page(
    STATE,
    "A folder of photos",
    ELSEWHERE,
    show_notice,
    show_form,
    show_watch,
    show_results,
)
