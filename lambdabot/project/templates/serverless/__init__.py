"""Serverless Framework's configuration."""
