// A chart answers the first tap. Plotly selects what the pointer was over before the
// click: a finger was over nothing yet, or over what it tapped before (plotly.js 3.8).
"use strict";

addEventListener(
  "touchstart",
  ({ target, touches }) => {
    const area = target.closest(".js-plotly-plot .nsewdrag");
    if (!area || touches.length > 1) return;
    const { clientX, clientY } = touches[0];
    const over = { bubbles: true, clientX, clientY };
    area.dispatchEvent(new MouseEvent("mousemove", over));
  },
  { capture: true, passive: true },
);
