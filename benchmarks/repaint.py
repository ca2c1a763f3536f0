"""The time from a visitor's action to the last change it makes on the page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

QUIET_MS = 500
"""A page that has not changed for so long, its script at rest, is repainted."""
TIMEOUT_MS = 60_000

# The clock starts with the release of the button or the press of the key. What counts
# as a change: of any element, a picture that has loaded; not what the pointer does.
_WATCH = """() => {
  const watch = window.repaint = {start: null, last: 0};
  const begin = (event) => {
    if (watch.start === null) watch.start = watch.last = event.timeStamp;
  };
  const change = () => { if (watch.start !== null) watch.last = performance.now(); };
  for (const type of ['pointerup', 'keydown'])
    document.addEventListener(type, begin, {capture: true, once: true});
  document.addEventListener('load', change, {capture: true});
  watch.observer = new MutationObserver(change);
  watch.observer.observe(document.body,
    {subtree: true, childList: true, attributes: true, characterData: true});
}"""
_IS_OVER = f"""() => window.repaint.start !== null
  && performance.now() - window.repaint.last > {QUIET_MS}
  && [...document.images].every((image) => image.complete)
  && document.querySelector(
    '[data-testid="stApp"][data-test-script-state="notRunning"]') !== null"""
_SECONDS = """() => {
  const watch = window.repaint;
  watch.observer.disconnect();
  return (watch.last - watch.start) / 1000;
}"""


def repaint_s(page: Page, act: Callable[[], object]) -> float:
    """Seconds from a click or key press until a page has changed for the last time.

    Both begin at rest; the act changes the address, as every filter does.
    """
    before = page.url
    page.evaluate(_WATCH)
    act()
    page.wait_for_function(_IS_OVER, timeout=TIMEOUT_MS)
    if page.url == before:
        raise RuntimeError(f"A click or key press changed nothing at {before}")
    return float(page.evaluate(_SECONDS))
