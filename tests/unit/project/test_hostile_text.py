"""Text that is made to be slow: eight times as much of it takes about eight times as long, and not sixty-four."""

from functools import partial

import pytest

from lambdabot.model import Slot
from lambdabot.packaging import distributions
from lambdabot.project.discovery import discover
from lambdabot.project.templates import hints
from lambdabot.project.templates.cloudformation import stack
from lambdabot.project.templates.serverless.variables import Variables
from lambdabot.project.templates.source_text import SourceText
from lambdabot.project.templates.yaml_nodes import documents
from lambdabot.workspace import Workspace
from tests.growth import cpu_seconds

SHORT, TIMES = 4_000, 8
WORST = 30  # a square would be 64, and what is worse more


def hint(size, folder):
    hints._SERVICE.search(b" \n" * (size // 2))


def reference(size, folder):
    stack._REFERENCE.search("FindInMap" + " " * size + "x")


def interpreter(size, folder):
    distributions._INTERPRETER.search(b"#!" + b"python" * (size // 6))


def variable(inside):
    def resolve(size, folder):
        document = of(f'a: "{inside(size)}"\n', folder)
        Variables(document, Workspace(folder)).resolve(document.get(document.root, "a"), document)

    return resolve


def anchor(size, folder):
    document = of(f"a: x{'&' * size}\n", folder)
    document.literal(document.get(document.root, "a"))


def one_line(size, folder):
    document = of("{" + ", ".join(f"a{number}: 1" for number in range(size)) + "}\n", folder)
    for entry in document.entries(document.root).values():
        assert not isinstance(document.literal(entry.value), Slot)


def archives(size, folder):
    block = (
        'data "archive_file" "a{0}" {{\n  source_dir = "."\n  output_path = "{0}.zip"\n}}\n'
        'resource "aws_lambda_function" "f{0}" {{\n'
        '  handler = "a.b"\n  runtime = "python3.13"\n  filename = "{0}.zip"\n}}\n'
    )
    (folder / "main.tf").write_text("".join(map(block.format, range(size // 100))))
    assert len(discover(folder).functions) == size // 100


def of(text, folder):
    return next(documents(SourceText(folder / "a.yml", text)))


@pytest.mark.parametrize(
    "what",
    [
        hint,
        reference,
        interpreter,
        variable(lambda size: "${" + "'" * size + "}"),
        variable(lambda size: "${a" + " " * size + "(}"),
        variable(lambda size: "${" + "(" * size + "}"),
        variable(lambda size: "${file(x" + " " * size + ")y}"),
        anchor,
        one_line,
        archives,
    ],
    ids=[
        "hint",
        "reference",
        "interpreter",
        "quotes",
        "spaces",
        "parentheses",
        "file",
        "anchor",
        "one line",
        "archives",
    ],
)
def test_time_grows_with_the_length_alone(what, tmp_path):
    short = max(cpu_seconds(partial(what, SHORT, tmp_path)), 0.001)  # below that it is the clock that is measured

    assert cpu_seconds(partial(what, TIMES * SHORT, tmp_path)) < WORST * short
