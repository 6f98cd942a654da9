"""The commands of the terminal, a module each, whose `run` returns the exit code; `arguments` has what they take."""
