"""Requirements, locks, zips and folders become a verdict per dependency for ARM64."""
