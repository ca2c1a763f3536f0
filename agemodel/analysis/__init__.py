"""What the predictions of an evaluated run say; no model is run here.

faces       the table of judged faces, and slices of it
headline    the measures of a slice, each with a bootstrap interval
baselines   what the measures are to be seen beside
confusion   true against estimated classes
errors      where the ages are wrong
quality     errors by the quality of the picture
certainty   whether the stated uncertainty is right
declining   what is left if the model may decline
extremes    the worst, the best and the most typical faces
fairness    the measures of groups and of their crossings
comparison  two runs on the same faces
"""
