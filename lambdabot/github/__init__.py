"""The event, the sticky comment, and the files and commands of a workflow step."""
