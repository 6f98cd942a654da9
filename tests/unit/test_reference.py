"""What is said twice is written once: the reference page, the schema for editors, the examples that `init` writes."""

import typing

import pytest
import yaml
from pydantic import BaseModel

from docs.reference import PAGE, ROOT, files
from lambdabot.settings.schema import SettingsFile

SAID = PAGE.read_text()
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


def keys(model=SettingsFile, seen=None):
    """Give every key of every section, found through the models themselves."""
    seen = set() if seen is None else seen
    for name, field in model.model_fields.items():
        yield field.alias or name, field.description
        for part in [field.annotation, *parts(field.annotation)]:
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                seen.add(part)
                yield from keys(part, seen)


def parts(annotation):
    for part in typing.get_args(annotation):
        yield part
        yield from parts(part)


@pytest.mark.parametrize(("path", "written"), [pytest.param(*one, id=one[0].name) for one in files().items()])
def test_a_written_file_is_what_would_be_written_today(path, written):
    assert path.read_text() == written, "run `make reference`"


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_every_input_and_output_is_there_with_its_description(kind):
    for name, one in ACTION[kind].items():
        described = " ".join(one["description"].split())
        assert any(line.startswith(f"| `{name}` |") and described in line for line in SAID.splitlines()), name


def test_every_setting_is_there_and_described():
    found = list(keys())

    assert len(found) > 40
    for name, description in found:
        assert description, name
        assert any(
            line.startswith(f"| `{name}` |") and " ".join(description.split()) in line for line in SAID.splitlines()
        ), name
