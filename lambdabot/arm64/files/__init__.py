"""What is inside packages and beside them: archives, wheels, source distributions, machine code."""
