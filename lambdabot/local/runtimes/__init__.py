"""What the embedded endpoint must know of each kind of runtime: its program, its files, its variables, its name."""
