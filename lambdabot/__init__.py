"""Measures a pull request's AWS Lambda function and recommends the cheapest configuration."""

__version__ = "0.1.0"
