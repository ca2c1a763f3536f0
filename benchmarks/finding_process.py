"""A process that answers with the faces of photos, by the estimator of a checkout.

The checkout may be of an earlier commit, so only what has long been there is asked for.
A JSON request and reply a line; the first line names the checkout. The time is taken
here, from a file's bytes to the estimates, and the pipe is not in it: the processor's,
for other work on the machine counts little in it.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from time import process_time
from typing import Any


def main(checkout: str) -> None:
    """Answer requests by a checkout's package until the input ends."""
    sys.path.insert(0, checkout)
    import cv2

    from agemodel.images import read_image

    try:
        from agemodel.serving import Estimator
    except ImportError:  # where it was until version 0.1.0
        from agemodel.estimator import Estimator  # type: ignore
    cv2.setNumThreads(1)
    estimator = Estimator.load(workers=1)
    print(json.dumps({"checkout": checkout}), flush=True)
    for line in sys.stdin:
        data = Path(json.loads(line)["file"]).read_bytes()
        started = process_time()
        found, turns = estimator.estimate_upright(read_image(data).rgb)
        cpu_s = process_time() - started
        faces = [answer(face) for face in found]
        reply = {"cpu_s": cpu_s, "turns": turns, "faces": faces}
        print(json.dumps(reply), flush=True)


def answer(face: Any) -> dict[str, Any]:
    """A face's box, its roll in degrees clockwise, and whether it is doubtful."""
    x, y = (float(v) for v in face.landmarks_xy[1] - face.landmarks_xy[0])
    return {
        "box_xyxy": [float(value) for value in face.box_xyxy],
        "roll_deg": math.degrees(math.atan2(y, x)),
        "doubtful": bool(getattr(face, "doubtful", False)),
    }


if __name__ == "__main__":
    main(sys.argv[1])
