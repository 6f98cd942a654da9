"""A Lambda that fails on demand: rates, states, refusals and broken answers as AWS gives them, from one seeded file."""
