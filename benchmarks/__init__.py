"""Figures of merit, measured beside what a user would use instead: `make bench`, `make bench ONLY=local,arm64`."""
