"""Who came, from recorded video: start a run, watch it, and see what was found."""

from ui.footage.footage_form import show_form
from ui.footage.footage_law import show_notice
from ui.footage.footage_results import COMMAND, show_results
from ui.footage.footage_state import STATE
from ui.footage.footage_watch import show_watch
from ui.job_page import show_page

ELSEWHERE = f"Footage is for whoever runs this app, on its own machine: `{COMMAND}`"

show_page(STATE, "Footage", ELSEWHERE, show_notice, show_form, show_watch, show_results)
