"""Measures a pull request's AWS Lambda function and recommends the cheapest configuration."""

__version__ = "0.1.0"

RELEASE = ""
"""The newest release, which workflows and settings name; empty before the first, when they name the branch `main`."""
