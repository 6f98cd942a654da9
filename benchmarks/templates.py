"""Discovery and edits on the corpus of templates, and the CPU time of reading large ones."""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from benchmarks.figures import Figures
from lambdabot.model import Architecture, Declaration, DeclaredLayer, Edit, Slot, Stated, Undecided
from lambdabot.project.discovery import discover
from lambdabot.project.edits import edits
from lambdabot.project.templates.serverless.package import DEFAULT_EXCLUDES
from lambdabot.project.working_tree import write

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"

EXPECTED = "expected.json"

ATTRIBUTES = (
    "function_name",
    "runtime",
    "handler",
    "code",
    "memory_mb",
    "architecture",
    "timeout_seconds",
    "reserved_concurrency",
    "provisioned_concurrency",
    "ephemeral_storage_mb",
)

NEW_MEMORY_MB = 1792
OTHER_VALUES = {
    "timeout_seconds": 77,
    "ephemeral_storage_mb": 2048,
    "reserved_concurrency": 7,
    "provisioned_concurrency": 4,
    "runtime": "python3.11",
    "handler": "other.handle",
    "function_name": "another-name",
}


def cases() -> list[Path]:
    """Return the folders of the corpus."""
    return sorted(path for path in CORPUS.iterdir() if path.is_dir())


def described(root: Path) -> dict[str, Any]:
    """Return what discovery says of a case, in the words of its expected.json: `value @ file:line (from)`."""
    found = discover(root)

    def said(value: Stated[Any] | Undecided) -> str:
        place = f"{value.place.path.relative_to(root)}:{value.place.line}"
        if isinstance(value, Undecided):
            return f"? {value.reason} @ {place}".replace(f"{root}/", "")
        shown = value.value
        if isinstance(shown, Path) and shown.is_relative_to(root):
            shown = shown.relative_to(root)
        if isinstance(shown, DeclaredLayer):
            shown = f"{shown.name} in {shown.source.relative_to(root)}"
        return f"{shown} @ {place}{f' ({value.inherited})' if value.inherited else ''}"

    functions = {}
    for one in found.functions:
        functions[one.name] = {
            "family": one.family,
            **{name: said(value) for name in ATTRIBUTES if (value := getattr(one, name)) is not None},
            "environment": {key: said(value) for key, value in one.environment.items() if value is not None},
            "environment_undecided": said(one.environment_undecided) if one.environment_undecided else "",
            **_selected(one, said),
            "layers": [said(value) for value in one.layers if value is not None],
            "events": [
                [each.name, each.kind]
                + [
                    said(value) if value is not None else ""
                    for value in (
                        each.batch_size,
                        each.window_seconds,
                        each.maximum_concurrency,
                        each.partial_failures,
                    )
                ]
                for each in one.events
            ],
        }
    return {"functions": functions, "problems": [said(problem) for problem in found.problems]}


def _selected(one: Declaration, said: Callable[[Stated[Any] | Undecided], str]) -> dict[str, Any]:
    """Return what of a folder is the package, where that is not all of it, or all but what is left out by default."""
    defaults = {f"!{one}" for one in (*DEFAULT_EXCLUDES, one.place.path.name, "serverless.yml")}
    selection = one.selection
    parts = {
        "patterns": [one for one in selection.patterns if one not in defaults],
        "apart": sorted(selection.apart),
        "texts": {name: said(text) for name, text in selection.texts},
        "notes": [said(note) for note in selection.notes],
    }
    return {f"selection_{name}": part for name, part in parts.items() if part}


@dataclass(slots=True)
class Checked:
    """What the edits of one case came to."""

    made: int = 0
    not_one_hunk: list[str] = field(default_factory=list)
    not_read_back: list[str] = field(default_factory=list)


def check_edits(case: Path, accept: Callable[[Path, Path], str] = lambda before, after: "") -> Checked:  # noqa: ARG005  # the default accepts all
    """Make every edit of a case on a copy of it, and look at the diff and at what is read back.

    `accept` gets the case and the copy and returns what another reader has against it.
    """
    checked = Checked()
    case = case.resolve()
    for one in discover(case).functions:
        for wanted in _wanted(one):
            changes = [(getattr(one, name), value) for name, value in wanted.items()]
            made = [replace(edit, path=edit.path.relative_to(case)) for edit in edits(*changes)[0]]
            if not made:
                continue
            checked.made += len(made)
            with tempfile.TemporaryDirectory(prefix="lambdabot-corpus-") as folder:
                copy = Path(folder).resolve() / case.name
                shutil.copytree(case, copy)
                called = f"{case.name} {one.name} {wanted}"
                checked.not_one_hunk += [
                    f"{called}: {edit.path}:{edit.line}" for edit in made if not _one_hunk(edit, copy)
                ]
                write(made, copy)
                read = _read_back(copy, one, wanted)
                said = accept(case, copy)
                if read != _asked(one, wanted) or said:
                    checked.not_read_back.append(f"{called}: {read} {said}")
    return checked


def _wanted(one: Declaration) -> Iterator[dict[str, object]]:
    """Yield another memory size, another architecture, and both; then another value of each other attribute."""
    now = _value(one.architecture) or Architecture.X86_64
    other = Architecture.ARM64 if now is Architecture.X86_64 else Architecture.X86_64
    yield {"memory_mb": NEW_MEMORY_MB}
    yield {"architecture": other}
    yield {"memory_mb": NEW_MEMORY_MB, "architecture": other}
    for name, value in OTHER_VALUES.items():
        if isinstance(getattr(one, name), Stated):
            yield {name: value}


def _one_hunk(edit: Edit, copy: Path) -> bool:
    """Make one edit alone, compare bytes, and take it back."""
    path = copy / edit.path
    before = path.read_bytes()
    write([edit], copy)
    after = path.read_bytes()
    path.write_bytes(before)
    return _hunks(before, after) == 1


def _asked(one: Declaration, wanted: Mapping[str, object]) -> dict[str, object]:
    """Return what is to be read back: where there is no slot, what was there."""
    now = {name: getattr(one, name) for name in wanted}
    return {
        name: value if isinstance(now[name], Stated) and isinstance(now[name].slot, Slot) else _value(now[name])
        for name, value in wanted.items()
    }


def _read_back(copy: Path, one: Declaration, wanted: Mapping[str, object]) -> dict[str, object] | None:
    again = next((each for each in discover(copy).functions if each.name == one.name), None)
    return None if again is None else {name: _value(getattr(again, name)) for name in wanted}


def _value(attribute: object) -> object:
    return attribute.value if isinstance(attribute, Stated) else None


def _hunks(before: bytes, after: bytes) -> int:
    """Count the places in which two files differ; line ends count."""
    lines = before.split(b"\n"), after.split(b"\n")
    return sum(tag != "equal" for tag, *_ in SequenceMatcher(None, *lines, autojunk=False).get_opcodes())


def large(family: str, count: int) -> dict[str, str]:  # noqa: PLR0911  # one for each family
    """Return files by name with so many functions, as a generator would write them."""
    match family:
        case "sam":
            return {"template.yaml": SAM_HEAD + "".join(map(_sam, range(count)))}
        case "sam, a file for each":
            return {f"{number}/template.yaml": SAM_HEAD + _sam(number) for number in range(count)}
        case "nested stacks":
            stacks = range(count // FUNCTIONS_OF_A_STACK)
            inner = "Parameters:\n  Stage: {Type: String}\nResources:\n"
            inner += "".join(map(_sam, range(FUNCTIONS_OF_A_STACK)))
            outer = "".join(map(_stack, stacks))
            return {f"{number}/template.yaml": inner for number in stacks} | {"template.yaml": f"Resources:\n{outer}"}
        case "cloudformation json":
            resources = {f"Function{number}": _resource(number) for number in range(count)}
            return {"stack.json": json.dumps({"Resources": resources}, indent=2)}
        case "serverless":
            return {"serverless.yml": SERVERLESS_HEAD + "".join(map(_of_service, range(count)))}
        case "serverless, a file for each":
            return {f"{number}/serverless.yml": SERVERLESS_HEAD + _of_service(number) for number in range(count)}
        case "terraform":
            return {"main.tf": TERRAFORM_HEAD + "".join(map(_terraform, range(count)))}
        case "terraform, a file for each":
            return {f"{number}/main.tf": TERRAFORM_HEAD + _terraform(number) for number in range(count)}
        case "terraform modules":
            calls = (f'module "m{one}" {{\n  source = "./function"\n  memory = {one}\n}}\n' for one in range(count))
            return {"main.tf": "".join(calls), "function/main.tf": 'variable "memory" {}\n' + _terraform(0)}
    keys = ", ".join(f'"k{number}"' for number in range(count))  # terraform for_each
    return {"main.tf": TERRAFORM_HEAD + _terraform(0).replace("{\n", f"{{\n  for_each = toset([{keys}])\n", 1)}


SAM_HEAD = (
    "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function: {Runtime: python3.12, Timeout: 9}\n"
    "Parameters:\n  Stage: {Type: String, Default: dev}\nResources:\n"
)
SERVERLESS_HEAD = (
    "service: big\nprovider: {name: aws, runtime: python3.12}\ncustom: {memory: 512}\n"
    "package: {patterns: ['!tests/**']}\nfunctions:\n"
)
TERRAFORM_HEAD = 'variable "memory" { default = 512 }\n'
FUNCTIONS_OF_A_STACK = 10


def _stack(number: int) -> str:
    properties = f"{{TemplateURL: {number}/template.yaml, Parameters: {{Stage: live{number}}}}}"
    return f"  Stack{number}:\n    Type: AWS::CloudFormation::Stack\n    Properties: {properties}\n"


def _of_service(number: int) -> str:
    return (
        f"  f{number}:\n    handler: src/f{number}.handler\n    memorySize: ${{self:custom.memory}}\n"
        f"    timeout: 20\n    environment:\n      TABLE: ${{self:service}}-{number}\n"
        f"    events:\n      - sqs:\n          arn: arn:aws:sqs:eu-west-1:1:q{number}\n"
    )


def _terraform(number: int) -> str:
    return (
        f'resource "aws_lambda_function" "f{number}" {{\n  function_name = "f{number}"\n  filename      = "f.zip"\n'
        f'  handler       = "app.handler"\n  runtime       = "python3.12"\n  memory_size   = var.memory\n'
        f'  timeout       = 20\n  environment {{\n    variables = {{\n      NUMBER = "{number}"\n    }}\n  }}\n}}\n\n'
    )


def _sam(number: int) -> str:
    return f"""  Function{number}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${{Stage}}-{number}"
      CodeUri: src/{number}/
      Handler: app.handler # of {number}
      MemorySize: {128 + number}
      Environment:
        Variables:
          NUMBER: "{number}"
          TABLE: !Ref Table
      Events:
        Queue:
          Type: SQS
          Properties: {{Queue: !GetAtt Queue.Arn, BatchSize: 10}}
"""


def _resource(number: int) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": f"src/{number}",
            "Handler": "app.handler",
            "Runtime": "python3.12",
            "MemorySize": 512,
            "Environment": {"Variables": {"NUMBER": str(number), "TABLE": {"Ref": "Table"}}},
            "Tags": [{"Key": "a", "Value": "b"}],
        },
    }


FAMILIES = (
    "sam",
    "sam, a file for each",
    "nested stacks",
    "cloudformation json",
    "serverless",
    "serverless, a file for each",
    "terraform",
    "terraform, a file for each",
    "terraform modules",
    "terraform for_each",
)


def write_large(family: str, count: int, folder: Path) -> None:
    """Write the files of so many functions."""
    for name, text in large(family, count).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def cpu_seconds(family: str, count: int) -> float:
    """Return the CPU time of discovering a generated template's functions, the best of three."""
    with tempfile.TemporaryDirectory(prefix="lambdabot-large-") as folder:
        write_large(family, count, Path(folder))
        times = []
        for _ in range(3):
            started = time.process_time()
            found = len(discover(Path(folder)).functions)
            times.append(time.process_time() - started)
            if found != count:
                msg = f"{found} of {count} functions of {family} were found"
                raise RuntimeError(msg)
    return min(times)


def run(seed: int) -> Figures:  # noqa: ARG001  # nothing here is random
    """Count what is right on the corpus, and time a thousand functions of each family."""
    wrong, undecided, made = [], 0, 0
    hunks: list[str] = []
    for case in cases():
        said = described(case)
        text = json.dumps(said["functions"])
        undecided += text.count('"? ')
        if said != json.loads((case / EXPECTED).read_text(encoding="utf-8")):
            wrong.append(case.name)
        checked = check_edits(case)
        made += checked.made
        hunks += checked.not_one_hunk
        wrong += checked.not_read_back
    times = {family: (cpu_seconds(family, 1000), cpu_seconds(family, 4000)) for family in FAMILIES}
    table = "\n".join(
        [
            "| corpus | |",
            "| --- | ---: |",
            f"| templates | {len(cases())} |",
            f"| wrong values, edits not read back | {len(wrong)} {' '.join(wrong)} |",
            f"| values named undecided | {undecided} |",
            f"| edits | {made} |",
            f"| edits of more than one hunk | {len(hunks)} {' '.join(hunks)} |",
            "",
            "| family | CPU seconds for 1,000 functions | for 4,000 | times |",
            "| --- | ---: | ---: | ---: |",
            *(f"| {family} | {one:.2f} | {four:.2f} | {four / one:.1f} |" for family, (one, four) in times.items()),
        ]
    )
    figures = {
        "templates.corpus": float(len(cases())),
        "templates.wrong": float(len(wrong)),
        "templates.undecided": float(undecided),
        "templates.edits": float(made),
        "templates.edits_not_one_hunk": float(len(hunks)),
        "templates.cpu_seconds_1000": max(one for one, _ in times.values()),
        "templates.cpu_ratio_4000_to_1000": max(four / one for one, four in times.values()),
    }
    return Figures(figures, table)
