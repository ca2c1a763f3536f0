"""What the predictions of an evaluated run say; no model is run here.

predicted_faces    the table of estimated faces, and slices of it
headline           the measures of a slice, each with a bootstrap interval
baselines, systems what the measures are to be seen beside
confusion          true against estimated classes
age_errors         where the ages are wrong
picture_quality    errors by the quality of the picture
certainty          whether the stated uncertainty is right
declining          what is left if the model may decline
extremes           the worst, the best and the most typical faces
fairness           the measures of groups and of their crossings
paired_comparison  two runs on the same faces
run_names          names of runs for people
"""
