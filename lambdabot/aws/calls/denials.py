"""What a denied call means by the kind of policy that AWS names, and what to do about it.

Wordings: IAM User Guide, "Troubleshoot access denied error messages". An explicit denial reads "with an explicit deny
in a service control policy", an implicit one "because no service control policy allows the … action".
"""

import re
from dataclasses import dataclass
from typing import Self

_NOT_AUTHORIZED = re.compile(
    r"not authorized to perform: (?P<action>[\w-]+:\w+)"
    r'(?: on resource: "?(?P<resource>[^\s"]+)"?)?'
    r"(?P<why>.*)",
    re.DOTALL,
)
_EXPLICIT = re.compile(r"explicit deny")

# By what AWS calls the policy: what to do where it lacks the action, and where it denies it.
_POLICIES = {
    "service control policy": (
        "The organization's service control policy does not allow it: ask its administrator to.",
        "The organization's service control policy denies it explicitly: ask its administrator for an exception.",
    ),
    "resource control policy": (
        "The organization's resource control policy does not allow it: ask its administrator to.",
        "The organization's resource control policy denies it explicitly: ask its administrator for an exception.",
    ),
    "permissions boundary": (
        "The role's permissions boundary does not allow it: add the action there.",
        "The role's permissions boundary denies it explicitly: change that boundary.",
    ),
    "session policy": (
        (
            "The session's own policy does not allow it: widen what the job passes when it assumes the role "
            "(`inline-session-policy`, `managed-session-policies` of aws-actions/configure-aws-credentials)."
        ),
        (
            "The session's own policy denies it explicitly: change what the job passes when it assumes the role "
            "(`inline-session-policy`, `managed-session-policies` of aws-actions/configure-aws-credentials)."
        ),
    ),
    "vpc endpoint policy": (
        "The policy of the VPC endpoint that the runner calls through does not allow it: add the action there.",
        "The policy of the VPC endpoint that the runner calls through denies it explicitly: change that policy.",
    ),
    "resource-based policy": (
        (
            "The resource is another account's, or asks for leave of its own, and its policy does not allow it: "
            "add the action for this role there."
        ),
        "The resource's own policy denies it explicitly: change that policy.",
    ),
    "role trust policy": (
        "The role's trust policy does not let these credentials assume it: `lambdabot policy` prints one that does.",
        "The role's trust policy denies it explicitly: change that policy.",
    ),
    "identity-based policy": (
        "",  # the statement to add says it
        (
            "A policy of the role that lambdabot uses denies it explicitly; a further statement cannot allow it: "
            "change that policy."
        ),
    ),
}
_SOME_POLICY = "A policy denies it explicitly; a further statement cannot allow it: change that policy."


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A call that no policy allows, or that one denies: the action, on what, and what AWS says of the policies."""

    action: str
    resource: str
    why: str

    @classmethod
    def of(cls, message: str) -> Self | None:
        """Read AWS's message; None where it is of another form."""
        match = _NOT_AUTHORIZED.search(message)
        if match is None:
            return None
        resource = (match["resource"] or "*").rstrip(".,")
        return cls(action=match["action"], resource=resource, why=" ".join(match["why"].lower().split()))

    @property
    def advice(self) -> str:
        """What to do about the policy that AWS names; empty where a statement that allows it is all that is missing."""
        explicit = _EXPLICIT.search(self.why) is not None
        told = next((advice[explicit] for name, advice in _POLICIES.items() if name in self.why), "")
        return told or (_SOME_POLICY if explicit else "")
