"""Which variables of a template hold a secret: those are never copied into lambdabot.yml, which git keeps."""

import re

_NAME = re.compile(
    r"(?:^|[_\d])(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRETS?|TOKENS?|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SIGNING|ENCRYPTION|AUTH)_?KEYS?)$"
)
_PLACE = re.compile(r"arn:.*|(?:https?|s3)://[^@]*|/[\w./-]+")
"""What a variable of such a name holds where it says where the secret lies: an ARN, an address, a parameter's path."""

_VALUES = {
    "a reference to a secret": re.compile(r"\{\{resolve:(?:secretsmanager|ssm-secure):"),
    "an address with a password": re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE),
    "an address with a key": re.compile(
        r"//hooks\.slack\.com/services/\w|//discord(?:app)?\.com/api/webhooks/\w"
        r"|\?(?:\S*&)?(?:\w+[_-])?(?:token|key|code|sig|signature|secret|password)=[^&\s]",
        re.IGNORECASE,
    ),
    "a password": re.compile(r"(?:^|[;\s])(?:password|pwd)\s*=\s*[^;\s]", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    # Keys that their issuers mark as such, for scanners to find: AWS, GitHub, GitLab, Slack, Stripe, JSON Web Tokens.
    "a key": re.compile(
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[sr]k_live_|whsec_)[\w-]{10,}"
        r"|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+"
    ),
}

_LETTER_AFTER_SMALL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def secret(name: str, value: str) -> str:
    """Return what kind of secret a variable holds, by its value's form or by its own name; empty when it is none."""
    found = next((kind for kind, form in _VALUES.items() if form.search(value)), "")
    if found or not value:
        return found
    is_named_so = _NAME.search(_LETTER_AFTER_SMALL.sub("_", name).upper())
    return "a secret, by its name" if is_named_so and not _PLACE.fullmatch(value) else ""
