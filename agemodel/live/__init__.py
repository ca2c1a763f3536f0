"""Live cameras: what one shows now, with steady ages.

camera_frames  a frame as a browser sends it -> upright RGB
live_session   frames -> faces with numbers and ages that do not jump
snapshots      photos on their way to the Estimate page
"""
