"""The AWS Region that a run is in."""

from collections.abc import Mapping


def region_of(named: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the Region that is named, else the environment's, None where there is none.

    boto3 reads AWS_DEFAULT_REGION alone; AWS's other SDKs, and Lambda itself, say AWS_REGION.
    """
    return named or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or None
