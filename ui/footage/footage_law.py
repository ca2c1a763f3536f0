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

This is no legal advice. What is known to apply, as of November 2026:

- EU and EEA: systematic monitoring of a publicly accessible area on a large scale takes
  a data protection impact assessment first
  ([GDPR](https://eur-lex.europa.eu/eli/reg/2016/679/oj), Article 35(3)(c)).
- The European Data Protection Board's
  [guidelines 3/2019](https://www.edpb.europa.eu/our-work-tools/our-documents/guidelines/guidelines-32019-processing-personal-data-through-video_en)
  on video devices, section 5.1: a shop's system that only tells ages and genders apart,
  without templates that identify persons uniquely, does not fall under Article 9 of the
  GDPR; it processes personal data all the same. To know who returns takes such
  templates: so who comes back is counted again. Whether the numbers by which a face is
  followed while it is in view are templates in that sense is not settled; ask.
- The EU's [AI Act](https://eur-lex.europa.eu/eli/reg/2024/1689/oj), Article 50(3),
  which applies from 2 August 2026 (Article 113): who uses a system that puts people
  into categories by their faces must tell those who are exposed to it. Its Annex III,
  1(b), holds categorisation by sensitive or protected attributes for high-risk; whether
  counts by age and sex are that, and from when on, is to be asked.
- Canada: three privacy commissioners found in 2020
  ([PIPEDA Findings 2020-004](https://www.priv.gc.ca/en/opc-actions-and-decisions/investigations/investigations-into-businesses/2020/pipeda-2020-004/))
  that Cadillac Fairview's malls estimated age and gender by cameras without valid
  consent. They held the numbers made of faces for sensitive personal information, and
  some 5 million had been kept.

The weights that ship were made from UTKFace, for non-commercial research only; train
others for any other use (docs/licences.md).
"""
_BUTTON = "What to tell people, and what the law asks"


def show_notice() -> None:
    """Say what is kept, with what the law asks behind one button."""
    st.caption(NOTICE)
    with st.popover(_BUTTON, icon=":material/gavel:"):
        st.markdown(LAW)
