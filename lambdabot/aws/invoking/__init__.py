"""Invocations: what was called, and what its REPORT says."""
