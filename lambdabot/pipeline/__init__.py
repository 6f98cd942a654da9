"""The main job: the only rooms that know all stages."""
