"""The texts of the About page."""

from __future__ import annotations

SECTIONS = {
    "glance": "At a glance",
    "what": "What it does",
    "estimate": "What an estimate is",
    "photos": "Your photos",
    "model": "The model",
    "data": "The data",
    "limits": "Limits",
    "licences": "Licences",
    "files": "What ships",
    "versions": "Versions",
    "cite": "How to cite",
}
"""Titles of the page's sections, by the anchors that links lead to, in their order."""

WHAT_IT_DOES = """
Apparent Age finds the faces in a photo. For each face it estimates an age and one of
two gender labels, and says how unsure it is: a range of ages beside the age, a
probability beside the label. With the **live camera** it does so while you look, with
ages that stay steady; nothing is stored. **Footage** tells who came, from recorded
video: visits, and shares of age bands and genders by time, each with its interval.

It also shows the data that the model learned from, how it learned, and where it errs.
"""

WHAT_AN_ESTIMATE_IS = """
- **Apparent age**: how old a face looks to the model in this one photo. Light, pose,
  expression, make-up and picture quality all move it.
- **Gender as labelled in the dataset** (two labels); it says nothing of identity.
- The model is more often wrong for some groups of people than for others.
- It is **not for** age checks, hiring, surveillance or any decision about a person.
"""

YOUR_PHOTOS = """
Photos are worked on in the memory of the machine that runs the app. They are never
written to a disk or a log, and nothing leaves the machine. What a visit held is let go
when it ends, a minute or two after the tab was closed. The app sends no statistics of
its use to anybody.
"""

THE_DATA_IS = """
The models learned from **UTKFace**: faces of people of all ages, gathered on the open
web by Z. Zhang, Y. Song and H. Qi for research, aligned and cropped.

- Its labels of age, gender and race were estimated by an algorithm and checked by a
  person, as its authors say. A label is an opinion about a picture, not a birth date.
- An age is a whole number of years; a gender is one of two words; a race is one of
  five. People are more than that. Race labels are used here for one thing, to compare
  errors between those who carry them: no model is given them or estimates them.
"""

THE_DATA_IS_NOT = """
- It is **no sample of any population**: young adults are many, children and the old
  are few, and who is on the web decides who is in it.
- It is not free of mistakes: some labels are wrong, some pictures occur more than once,
  and some of the copies lie on both sides of the split. The Dataset page counts them.
- Nothing says that the people in it were asked. Its pictures are for non-commercial
  research only, so none ships with this project, and none is shown unless you import
  them.
"""

LIMITS = """
- Figures by group were measured on UTKFace; the model's card says how it does on faces
  of other sets, from which it learned, too. On sets that it never saw it may do worse.
- A face must be found first: a small, hidden or turned one is missed or estimated
  badly.
- The intervals and probabilities are calibrated for faces like those of the dataset;
  for a drawing, a mask, a doll or a filter they mean nothing.
- Estimates can differ between two photos of one person on one day by several years.
- The app listens on 127.0.0.1 only and has no accounts. Put it behind a proxy that has
  them before you offer it to others.
"""
