"""Package indexes: where they are, who may ask them, what they list, and what is kept of that."""
