"""What a framework's build has left beside a template: the package that is deployed, in place of its sources."""
