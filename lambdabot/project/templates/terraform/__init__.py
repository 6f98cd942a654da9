"""Terraform's configuration and plans."""
