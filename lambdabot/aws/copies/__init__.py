"""Throw-away copies: made, recorded, and removed in every case."""
