"""What a run would create, invoke and spend at most, from the settings alone."""

from lambdabot.settings.load import Settings


def describe(settings: Settings) -> str:
    """Return the plan as text: nothing is called, so what the endpoint would refuse is not known yet."""
    lines = [f"endpoint {settings.endpoint}; base {settings.base or 'HEAD^1 on a pull request, else none'}"]
    for function in settings.functions:
        head = len(function.memory_mb) * len(function.architectures)
        sizes = ", ".join(map(str, function.memory_mb))
        budget = function.budget
        lines += [
            "",
            f"{function.name} ({function.runtime})",
            f"  sweep        {sizes} MB on {', '.join(function.architectures)}",
            f"  today        {function.current}{' (assumed)' if function.current_assumed else ''}",
            f"  deployments  {head} of head, 1 more where today is not among them, 1 of base",
            f"  payloads     {', '.join(payload.name for payload in function.payloads)}",
            f"  at most      {budget.invocations} invocations, ${budget.usd}, {budget.minutes:g} minutes",
        ]
    if settings.left_out:
        lines += ["", *(f"{name} is not measured: {reason}" for name, reason in settings.left_out.items())]
    usd = min(settings.budget.usd, sum(function.budget.usd for function in settings.functions))
    minutes = min(settings.budget.minutes, sum(function.budget.minutes for function in settings.functions))
    return "\n".join([*lines, "", f"in all at most ${usd} and {minutes:g} minutes"])
