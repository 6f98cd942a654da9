"""Runs against an endpoint that misbehaves, kills its client, or is slow to get ready."""
