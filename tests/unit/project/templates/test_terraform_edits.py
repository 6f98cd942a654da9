"""An edit of a Terraform function changes no other function that it does not name."""

import shutil
from dataclasses import fields, replace

import pytest

from benchmarks.templates import CORPUS, NEW_MEMORY_MB, cases
from lambdabot.model import Architecture, Declaration, Stated
from lambdabot.project.discovery import discover
from lambdabot.project.edits import edits
from lambdabot.project.working_tree import write

TERRAFORM = [case for case in cases() if case.name.startswith("terraform")]


def values(one):
    found = ((each.name, getattr(one, each.name)) for each in fields(Declaration))
    return {name: value.value for name, value in found if isinstance(value, Stated) and name != "code"}


def other(one):
    now = one.architecture.value if isinstance(one.architecture, Stated) else None
    return Architecture.X86_64 if now is Architecture.ARM64 else Architecture.ARM64


@pytest.mark.parametrize("case", TERRAFORM, ids=lambda case: case.name)
def test_an_edit_names_every_other_function_that_it_changes(case, tmp_path):
    before = {one.name: one for one in discover(case.resolve()).functions}
    for number, (name, one) in enumerate(before.items()):
        for key, wanted in (("memory_mb", NEW_MEMORY_MB), ("architecture", other(one))):
            made = edits((getattr(one, key), wanted))[0]
            if not made:
                continue
            copy = tmp_path / f"{number}-{key}" / case.name
            shutil.copytree(case, copy)
            write([replace(edit, path=edit.path.relative_to(case.resolve())) for edit in made], copy)

            after = {each.name: values(each) for each in discover(copy).functions}
            changed = {each for each in before if each != name and after[each] != values(before[each])}

            assert after[name][key] == wanted
            assert {each for each in changed if each not in made[0].note} == set()


@pytest.mark.parametrize(
    ("case", "name", "key", "where", "note"),
    [
        ("nulls", "pipe-read", "memory_mb", "pipe/main.tf", "until now it was null"),
        ("nulls", "pipe-read", "architecture", "pipe/main.tf", "until now it was null"),
        ("nulls", "pipe-own", "memory_mb", "main.tf", ""),
        ("nulls", "pipe-load", "memory_mb", "pipe/main.tf", ""),
        (
            "modules",
            "mail-retry",
            "architecture",
            "modules/notify/main.tf",
            "the default at main.tf:9 serves the module's other uses; it also changes sms-retry, push-retry",
        ),
        (
            "modules",
            "mail-send",
            "memory_mb",
            "main.tf",
            "the default at main.tf:4 serves the module's other uses",
        ),
        ("modules", "report", "memory_mb", "main.tf", ""),
        ("modules", "audit-read", "memory_mb", "main.tf", "it also changes audit-write"),
        (
            "modules",
            "unknown",
            "memory_mb",
            "main.tf",
            "the default at main.tf:4 serves the module's other uses; the block serves several functions",
        ),
        (
            "roots",
            "live-this",
            "memory_mb",
            "environments/live/main.tf",
            "the default at service.tf:2 serves the module's other uses",
        ),
    ],
)
def test_a_value_goes_where_it_changes_the_fewest_functions(case, name, key, where, note):
    root = (CORPUS / f"terraform-shared-{case}").resolve()
    functions = {one.name: one for one in discover(root).functions}

    (edit,), _ = edits((getattr(functions[name], key), NEW_MEMORY_MB if key == "memory_mb" else Architecture.ARM64))

    assert (str(edit.path.relative_to(root)), edit.note) == (where, note)
