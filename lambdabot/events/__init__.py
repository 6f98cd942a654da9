"""The event that a function is measured with where nobody wrote one: found in the repository, or made as AWS does."""
