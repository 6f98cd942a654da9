"""Execution environments of the embedded endpoint: one process each, limited, timed and confined."""
