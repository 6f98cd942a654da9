"""What lambdabot says of every kind of project before and after its build."""

import pytest

from tests.builds import PROJECTS, said


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.kind)
def test_a_project_is_measured_as_it_is_deployed_or_told(project, tmp_path):
    project.write(tmp_path)

    found = said(tmp_path)

    assert found.code == project.code
    assert found.told.keys() == project.told.keys()
    assert [(name, found.told[name]) for name, part in project.told.items() if part not in found.told[name]] == []
    assert len(found.notes) == len(project.notes)
    assert [note for note, part in zip(found.notes, project.notes, strict=True) if part not in note] == []
