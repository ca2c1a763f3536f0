"""What to tell people who are filmed, and what the law asks: facts with sources."""

from __future__ import annotations

import streamlit as st

NOTICE = """
Faces are looked for a few times a second and followed while they are in view: by place,
size, and numbers made of the face, which are forgotten when it leaves. What is kept:
when, how long, an age with its interval, a gender label. **No picture, crop or template
of a face is written.** It is never for judging one person.
"""

LAW = """
**Tell people before they enter**, where they can read it: that there are cameras, that
ages and gender labels are estimated from faces for counts, who does it and why, that no
picture and no template is kept, how long the counts are, and whom to ask.

This is no legal advice. What is known to apply:

- EU and EEA: systematic monitoring of a publicly accessible area on a large scale takes
  a data protection impact assessment first (GDPR, Article 35(3)(c)).
- The European Data Protection Board's guidelines 3/2019 on video devices: a shop's
  camera that only tells ages and genders apart, without templates that single a person
  out, does not fall under Article 9 of the GDPR; it processes personal data all the
  same. To know who returns takes such templates: so who comes back is counted again.
- The EU's AI Act, Regulation 2024/1689, Article 50(3), in force since 2 August 2026:
  who uses a system that puts people into categories by their faces must tell them.
- Canada: the privacy commissioners found in 2020 that Cadillac Fairview's malls
  estimated age and gender by cameras without meaningful consent, and that numbers made
  of faces had been kept (PIPEDA Findings 2020-004).

The weights that ship were made from UTKFace, for non-commercial research only; train
others for any other use (docs/licences.md).
"""
_BUTTON = "What to tell people, and what the law asks"


def show_notice() -> None:
    """Say what is kept, with what the law asks behind one button."""
    st.caption(NOTICE)
    with st.popover(_BUTTON, icon=":material/gavel:"):
        st.markdown(LAW)
