"""Source and requirements become a reproducible zip per architecture; nothing of it is executed."""
