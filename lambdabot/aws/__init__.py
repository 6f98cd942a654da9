"""Throw-away deployments, invocations, REPORT lines and prices, through boto3."""
