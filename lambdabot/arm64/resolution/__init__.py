"""Which versions are installed: uv as the resolver over a loopback index, and what its answer means."""
