"""What a repository needs to begin with: lambdabot.yml, workflows, roles."""
