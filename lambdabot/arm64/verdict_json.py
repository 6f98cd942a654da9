"""An answer as a document, for JSON and for the cache, and the fingerprint of what it depends on."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from lambdabot.model import Arm64Check, Arm64Verdict, PackageCheck, PackageVerdict


def to_document(answer: Arm64Check) -> dict[str, Any]:
    """Return the answer in the form of report.json's `arm64` objects, with its reason."""
    return {
        "path": answer.path,
        "verdict": answer.verdict.value,
        "reason": answer.reason,
        "packages": [
            {
                "name": package.name,
                "version": package.version,
                "requested_by": list(package.requested_by),
                "verdict": package.verdict.value,
                "evidence": package.evidence,
                "fix": package.fix,
                "x86_64_verdict": package.x86_64_verdict.value,
            }
            for package in answer.packages
        ],
        "native_files": list(answer.native_files),
        "layers": list(answer.layers),
        "drift": list(answer.drift),
    }


def of_document(document: Mapping[str, Any]) -> Arm64Check:
    """Return what `to_document` gave; raise KeyError, TypeError or ValueError for anything else."""
    packages = [
        {
            **package,
            "requested_by": tuple(package["requested_by"]),
            "verdict": PackageVerdict(package["verdict"]),
            "x86_64_verdict": PackageVerdict(package["x86_64_verdict"]),
        }
        for package in document["packages"]
    ]
    return Arm64Check(
        path=document["path"],
        verdict=Arm64Verdict(document["verdict"]),
        reason=document["reason"],
        packages=tuple(PackageCheck(**package) for package in packages),
        native_files=tuple(document["native_files"]),
        layers=tuple(document["layers"]),
        drift=tuple(document["drift"]),
    )


def fingerprint(*parts: object) -> str:
    """Return a digest that is the same for equal values in every process: sets are sorted, and nothing is left out."""
    return hashlib.sha256(json.dumps(_plain(parts), sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(str(item) for item in value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)
