"""Code that a template itself holds: the one file that CloudFormation makes of it."""

import re

from lambdabot.model import Attribute, Place, Stated, Undecided

_SUFFIXES = {"python": ".py", "nodejs": ".js"}
"""CloudFormation names the file `index` (CloudFormation Template Reference, "AWS::Lambda::Function Code")."""

_RESPONSE = re.compile(r"\bcfn-?response\b")
"""What CloudFormation adds to a package that it makes (CloudFormation User Guide, "cfn-response module")."""

_GIVE = "give a folder as `source`"


def file(code: Attribute[str], runtime: Attribute[str], place: Place) -> tuple[str, Stated[str]] | Undecided:
    """Return the file's name and its text, or why there is none that could be packaged; `place` is the function's."""
    if not isinstance(code, Stated):
        return code or Undecided(reason=f"the code is inline and empty: {_GIVE}", place=place)
    if not isinstance(runtime, Stated):
        reason = f"the code is inline, and its runtime is not decided: {_GIVE}"
        return Undecided(reason=reason, place=runtime.place if runtime else code.place)
    suffix = next((suffix for kind, suffix in _SUFFIXES.items() if runtime.value.startswith(kind)), None)
    if suffix is None:
        reason = f"the code is inline, which AWS has for Python and Node.js alone: {_GIVE}"
        return Undecided(reason=reason, place=code.place)
    if _RESPONSE.search(code.value):
        reason = f"the code is inline, and uses `cfn-response`, which AWS adds when it deploys: {_GIVE}"
        return Undecided(reason=reason, place=code.place)
    return f"index{suffix}", code
