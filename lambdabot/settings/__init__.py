"""Inputs and lambdabot.yml become Settings, with every mistake reported at once."""
