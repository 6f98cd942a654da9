"""The commands of the terminal, a module each: `add_arguments`, and `run`, which returns the exit code."""
