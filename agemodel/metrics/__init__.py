"""What is calculated from ages and estimates: measures, calibration, restricted range.

NumPy alone: no files, no models, no frames.
"""
