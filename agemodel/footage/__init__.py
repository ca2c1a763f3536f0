"""Footage: who came, from recorded video.

clip_files        paths in, clips out
clip_reader       frames of a clip by their timestamps
looks             the faces of a frame, with their estimates
tracking          following faces from frame to frame
same_person       who has been here before, where that is asked for
drawn_frames      frames to look at, with the zone or the faces
run_progress      how far a run is
run_preview       the frame that a run is at, for a page in another process
assignment        the cheapest pairs of tracks and looks
visit             one person's stay in view
clip_results      what was found in a clip
clip_visits       one clip in, its visits out
clip_parts        what was found in each clip, kept
stretches         when clips began, and the stretches of time
slots             visits and shares by stretches of time
footage_tables    the files of a run
footage_settings  how footage is looked at
footage_run       a run over clips, in its folder
"""
