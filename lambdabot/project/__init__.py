"""The user's repository: where head and base are, and the functions on either side."""
