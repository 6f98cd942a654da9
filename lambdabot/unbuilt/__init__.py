"""Code that cannot run as it lies there: told from its files, with the build that it lacks, before it is measured."""
