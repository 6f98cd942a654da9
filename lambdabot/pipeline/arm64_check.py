"""The ARM64 answer for one function: its code with what its requirements add, and its layers."""

from pathlib import Path

from lambdabot.arm64.check import check_function, check_layer, check_layers, merged
from lambdabot.arm64.files.layers import LayerClient
from lambdabot.arm64.indexes.access import IndexAccess
from lambdabot.arm64.target import Target
from lambdabot.errors import reason
from lambdabot.model import Architecture, Arm64Check, Arm64Verdict, Function, Layer


def check_arm64(function: Function, access: IndexAccess, layer_client: LayerClient | None) -> Arm64Check | None:
    """Judge the code and the layers; None where arm64 is not asked for, or nothing can be judged.

    `layer_client` is None where there is no AWS to read layers from.
    """
    if Architecture.ARM64 not in {*function.question.architectures, function.setup.current.architecture}:
        return None
    try:
        return _answer(function, access, layer_client)
    except Exception as error:  # noqa: BLE001  # whatever happens here must not cost the measurement
        path = str(function.code.source or function.origin.like)
        return Arm64Check(path=path, verdict=Arm64Verdict.UNKNOWN, reason=reason(error))


def _answer(function: Function, access: IndexAccess, layer_client: LayerClient | None) -> Arm64Check | None:
    target = Target.of_runtime(function.code.runtime)
    answers = []
    code = function.code
    if isinstance(code.source, Path) and code.runtime.startswith("python"):
        answers.append(
            check_function(code.source, code.requirements, code.workspace, target, access, selection=code.selection)
        )
    layers = function.code.layers_for(Architecture.ARM64)
    if layer_client is not None and (arns := [one for one in layers if isinstance(one, str)]):
        answers.append(check_layers(layer_client, arns, target, access))
    answers += [
        check_layer(one.name, one.source, one.workspace, target, access) for one in layers if isinstance(one, Layer)
    ]
    if not answers:
        return None
    own = function.origin.like is None or "source" in function.origin.given
    return merged(answers[0].path if own else str(function.origin.like), answers)
