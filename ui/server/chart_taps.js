// A chart answers the first tap. Plotly selects what the pointer was over before the
// click: a finger was over nothing yet, or over what it tapped before (plotly.js 3.8).
"use strict";

// Where the faces that a tap led to are below the window, the first comes into view.
const faces = new MutationObserver(async () => {
  const face = document.querySelector(".st-key-evaluation_picked img");
  if (!face) return;
  faces.disconnect();
  await face.decode().catch(() => {}); // a picture that is damaged, or gone again
  face.closest('[data-testid="stVerticalBlock"]')?.scrollIntoView({ block: "nearest" });
});

addEventListener(
  "touchstart",
  ({ target, touches }) => {
    faces.disconnect();
    const area = target.closest(".js-plotly-plot .nsewdrag");
    if (!area || touches.length > 1) return;
    const { clientX, clientY } = touches[0];
    const over = { bubbles: true, clientX, clientY };
    area.dispatchEvent(new MouseEvent("mousemove", over));
    faces.observe(document.body, { childList: true, subtree: true });
  },
  { capture: true, passive: true },
);
