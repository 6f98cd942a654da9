"""Readers of the formats in which a repository declares Lambda functions: text in, Declarations out."""
