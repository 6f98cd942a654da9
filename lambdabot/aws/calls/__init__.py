"""Calls to AWS: the connection, retries, pace and threads, and what a failure means."""
