"""The documentation: its pages, and what writes the pages that repeat the code."""
