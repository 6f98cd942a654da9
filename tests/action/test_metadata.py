"""action.yml, the code and the container's files name the same things."""

import re
from pathlib import Path

import pytest
import yaml

from lambdabot.action import inputs
from lambdabot.report.document import document
from lambdabot.report.outputs import outputs
from tests.unit.report import runs

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def test_every_output_of_the_metadata_is_set_and_no_other():
    assert list(ACTION["outputs"]) == list(outputs(document(runs.one_recommended())))


@pytest.mark.parametrize("name", sorted({*ACTION["inputs"]} - {"github-token"}))
def test_every_input_of_the_metadata_is_read(name):
    assert inputs({f"INPUT_{name.upper()}": "a-value"}) != inputs({})


def test_the_token_is_read_by_its_name():
    assert '"INPUT_GITHUB-TOKEN"' in (ROOT / "lambdabot" / "action.py").read_text()
    assert ACTION["inputs"]["github-token"]["default"] == "${{ github.token }}"


def test_no_input_is_read_that_the_metadata_does_not_name():
    read = re.findall(r'given\("([^"]+)"\)', (ROOT / "lambdabot" / "action.py").read_text())

    assert set(read) <= set(ACTION["inputs"])


def test_defaults_are_texts_as_the_runner_wants_them():
    assert all(isinstance(one["default"], str) for one in ACTION["inputs"].values())


def test_the_image_is_built_from_the_dockerfile_in_exec_form():
    assert ACTION["runs"] == {"using": "docker", "image": "Dockerfile"}
    assert re.search(r'^ENTRYPOINT \["', (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_builder_sees_what_is_copied_and_no_more():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert {name for line in copied for name in line.split()} == allowed
