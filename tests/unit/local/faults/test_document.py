from pathlib import Path

import pytest

from lambdabot.errors import UsageError
from lambdabot.local.faults.document import Chaos
from lambdabot.settings.mistakes import validated
from lambdabot.settings.yaml_source import read
from lambdabot.workspace import Workspace


def mistakes(tmp_path, text: str) -> list[str]:
    path = tmp_path / "chaos.yml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        validated(Chaos, read(path, Workspace(path.parent)))
    return [str(mistake).removeprefix(f"{path}:") for mistake in caught.value.mistakes]


def test_every_mistake_is_told_with_its_line(tmp_path):
    assert mistakes(tmp_path, "version: 2\ncannd: []\nfailures:\n- share: 2\n  calls: ['lambda:Creat']\n") == [
        "1:1: `version`: must be 1; it is 2",
        "2:1: `cannd` is not known here; did you mean `canned`?",
        "4:3: `failures.0.share`: must be at most 1; it is 2",
        (
            "5:11: `failures.0.calls.0`: no operation is called lambda:Creat; "
            "write it as lambda:CreateFunction, logs:* or *"
        ),
    ]


def test_every_function_needs_an_answer(tmp_path):
    (only,) = mistakes(tmp_path, "version: 1\ncanned: [{function: thumbnail}]\n")
    assert only == '1:1: the last of `canned` needs `function: "*"`, so that every function has an answer'


def test_the_example_is_right_and_names_every_key():
    path = Path(__file__).parents[4] / "examples" / "chaos.yml"
    validated(Chaos, read(path, Workspace(path.parent)))
    assert [key for key in Chaos.model_fields if f"{key}:" not in path.read_text()] == []


def test_json_is_yaml_too(tmp_path):
    path = tmp_path / "chaos.json"
    path.write_text('{"version": 1, "account": {"memory_mb": 3008}}')
    assert validated(Chaos, read(path, Workspace(path.parent))).account.memory_mb == 3008
