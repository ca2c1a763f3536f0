"""Live cameras: a browser's, with steady ages; this machine's, with who came.

camera_frames  a frame as a browser sends it -> upright RGB
live_session   frames -> faces with numbers and ages that do not jump
finder_pool    finders of faces that many cameras share
snapshots      photos on their way to the Estimate page
camera_list    cameras by name, from a file; passwords from the environment
camera_reader  frames of such a camera, the newest ones only
camera_run     a camera's time in stretches -> visits and slots, as of footage
"""
