"""What lambdabot calls a function that Terraform makes, from its files and from a plan alike."""

GENERIC_LABELS = {"this", "main", "default", "lambda", "function", "lambda_function"}


def named(prefix: str, label: str) -> str:
    """Return a function's name: of a module that makes one thing, by custom called `this`, the module's."""
    return prefix.removesuffix("-") if prefix and label in GENERIC_LABELS else prefix + label
