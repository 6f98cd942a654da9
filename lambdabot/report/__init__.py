"""One view model becomes comment.md, report.json and the step summary."""
