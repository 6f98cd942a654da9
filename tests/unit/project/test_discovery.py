import gc
import json
import os
import shutil
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.templates import FAMILIES, cases, write_large
from lambdabot.project import candidates, reading
from lambdabot.project.discovery import discover
from lambdabot.project.templates import attributes, source_text
from lambdabot.project.templates.cloudformation import template as cloudformation
from lambdabot.project.templates.terraform import hcl_values
from tests.spot_check import examples

SAM = """Resources:
  {name}: {{Type: AWS::Serverless::Function, Properties: {{CodeUri: src, Handler: a.b, Runtime: python3.12}}}}
"""


def write(root, **files):
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def names(found):
    return [one.name for one in found.functions]


def test_folders_of_other_people_are_left_out(tmp_path):
    for folder in ("node_modules/x", "vendor", ".aws-sam/build", ".git", "venv", "cdk.out/asset.1"):
        write(tmp_path, **{f"{folder}/template.yaml": SAM.format(name="Foreign")})
    write(tmp_path, **{"app/template.yaml": SAM.format(name="Own")})

    assert names(discover(tmp_path)) == ["Own"]


def test_only_the_named_templates_are_read(tmp_path):
    write(
        tmp_path, **{"a.yaml": SAM.format(name="A"), "b.yaml": SAM.format(name="B"), "c/c.yaml": SAM.format(name="C")}
    )

    assert names(discover(tmp_path, ["a.yaml"])) == ["A"]
    assert names(discover(tmp_path, ["*.yaml"])) == ["A", "B"]
    assert names(discover(tmp_path, ["c", "b.yaml"])) == ["C", "B"]
    assert names(discover(tmp_path, [])) == []


def test_a_named_template_that_is_not_there_is_said(tmp_path):
    (problem,) = discover(tmp_path, ["nowhere.yaml"]).problems

    assert problem.reason == "there is no such template"
    assert problem.place.path == tmp_path / "nowhere.yaml"


def test_functions_of_the_same_name_are_told_apart_by_folder_then_by_file(tmp_path):
    for path in ("a/template.yaml", "b/template.yaml", "b/other.yaml"):
        write(tmp_path, **{path: SAM.format(name="F")})

    assert names(discover(tmp_path)) == ["a-F", "other-b-F", "template-b-F"]


def test_what_several_root_modules_make_of_one_module_is_told_apart_by_their_folders(tmp_path):
    function = 'resource "aws_lambda_function" "f" {\n  function_name = "f"\n}\n'
    write(tmp_path, **{"modules/mail/main.tf": function})
    call = 'module "mail" {{\n  source = "{}modules/mail"\n}}\n'
    for stage in ("stages/dev", "stages/live"):
        write(tmp_path, **{f"{stage}/main.tf": call.format("../../")})

    assert names(discover(tmp_path)) == ["dev-mail-f", "live-mail-f"]

    write(tmp_path, **{"stages/early/main.tf": call.format("../../")})
    assert names(discover(tmp_path)) == ["dev-mail-f", "early-mail-f", "live-mail-f"]

    write(tmp_path, **{"others/live/main.tf": call.format("../../"), "main.tf": call.format("./")})
    assert sorted(names(discover(tmp_path))) == [
        "dev-mail-f",
        "early-mail-f",
        "mail-f",
        "others-live-mail-f",
        "stages-live-mail-f",
    ]


def test_long_names_are_cut_between_words_and_told_apart_whoever_is_beside_them(tmp_path):
    word = "w" * 29
    for stage in ("first", "second"):
        write(tmp_path, **{f"{stage}/{word}/{word}/template.yaml": SAM.format(name="F")})
    first, second = names(discover(tmp_path))

    assert first != second
    assert {first.partition("-")[2], second.partition("-")[2]} == {f"{word}-F"}

    write(tmp_path, **{f"earlier/{word}/{word}/template.yaml": SAM.format(name="F")})
    assert names(discover(tmp_path))[1:] == [first, second]

    write(
        tmp_path,
        **{"serverless.yml": f"service: s\nprovider: aws\nfunctions: {{a-{word}-{word}-{word}: {{handler: x.y}}}}\n"},
    )
    assert f"{word}-{word}" in names(discover(tmp_path))


def test_functions_that_nothing_tells_apart_are_numbered(tmp_path):
    write(tmp_path, **{"t.yaml": SAM.format(name="F") + "---\n" + SAM.format(name="F")})

    assert names(discover(tmp_path)) == ["t-F", "t-F-2"]


def test_a_name_that_lambda_would_not_take_is_made_fit(tmp_path):
    longest = "n" * 99
    functions = f"{{a b.c: {{handler: x.y}}, {longest}: {{handler: x.y}}, {longest}-f: {{handler: x.y}}}}"
    write(tmp_path, **{"serverless.yml": f"service: s\nprovider: aws\nfunctions: {functions}\n"})

    assert names(discover(tmp_path)) == ["a-b-c", "n" * 64, "n" * 62 + "-f"]


def test_a_service_of_another_cloud_is_none(tmp_path):
    write(tmp_path, **{"serverless.yml": "service: s\nprovider: {name: google}\nfunctions: {a: {handler: x.y}}\n"})

    assert discover(tmp_path).functions == ()


def test_a_repository_too_large_to_look_through_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(candidates, "MOST_FILES", 2)
    write(tmp_path, **{f"{folder}/{number}.txt": "" for folder in "ab" for number in range(3)})

    (problem,) = discover(tmp_path).problems

    assert "name the `templates` in lambdabot.yml" in problem.reason


def test_a_file_too_large_or_of_another_encoding_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.setattr(source_text, "MAX_BYTES", 200)
    (tmp_path / "template.yaml").write_text(SAM.format(name="F") + "# " + "x" * 300)
    (tmp_path / "template.json").write_bytes(b'"AWS::Lambda::Function \xe9"')
    (tmp_path / "main.tf").write_bytes(b"# \xe9")

    reasons = sorted(problem.reason for problem in discover(tmp_path).problems)

    assert reasons == ["is larger than 0 kB", "is not UTF-8 text (byte 2)", "is not UTF-8 text (byte 23)"]


def test_what_is_no_regular_file_is_told_and_holds_nobody(tmp_path):
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()

    (problem,) = discover(tmp_path).problems

    assert str(problem) == f"{tmp_path / 'pipe.yaml'}:1: is no regular file"


def test_a_program_that_makes_a_service_is_said_another_one_is_not(tmp_path):
    write(tmp_path, **{"serverless.js": "module.exports = {provider: {}}", "lib/serverless.js": "class Serverless {}"})

    (problem,) = discover(tmp_path).problems

    assert problem.place.path == tmp_path / "serverless.js"
    assert "give its functions in lambdabot.yml" in problem.reason


def test_two_stacks_of_one_template_that_give_different_values_leave_it_open(tmp_path):
    stack = "{{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: child.yaml, Parameters: {{M: {}, N: 3}}}}}}"
    write(
        tmp_path,
        **{
            "main.yaml": f"Resources:\n  A: {stack.format(128)}\n  B: {stack.format(256)}\n",
            "child.yaml": "Parameters: {M: {Type: Number}, N: {Type: Number}}\nResources:\n  F:\n"
            "    Type: AWS::Lambda::Function\n    Properties: {MemorySize: !Ref M, Timeout: !Ref N}\n",
        },
    )

    (function,) = discover(tmp_path).functions

    assert "one stack gives 128, another 256" in function.memory_mb.reason
    assert function.timeout_seconds.value == 3


def test_an_unforeseen_error_in_one_function_is_told_and_costs_no_other(tmp_path, monkeypatch):
    functions = "".join(
        f'resource "aws_lambda_function" "{name}" {{\n  filename = "a.zip"\n  timeout = {timeout}\n}}\n'
        for name, timeout in (("one", 3), ("odd", "upper(1)"), ("two", 4))
    )
    write(tmp_path, **{"main.tf": functions, "other/main.tf": functions, "template.yaml": SAM.format(name="Sam")})

    def fails(_: str) -> str:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(hcl_values, "FUNCTIONS", {"upper": fails})
    found = discover(tmp_path)

    assert sorted(names(found)) == ["Sam", "one", "other-one", "other-two", "two"]
    assert sorted(map(str, found.problems)) == [
        f"{tmp_path / path}:5: cannot be read: lambdabot failed: RuntimeError: not foreseen"
        for path in ("main.tf", "other/main.tf")
    ]


@pytest.mark.parametrize("family", ["sam", "serverless", "plan"])
def test_an_unforeseen_error_in_one_function_costs_no_later_one_of_its_file(tmp_path, monkeypatch, family):
    def sam(name):
        return SAM.format(name=name).removeprefix("Resources:\n").replace("a.b", name)

    service = "service: s\nprovider: {name: aws, runtime: python3.12}\nfunctions:\n"
    resources = [
        {"address": f"aws_lambda_function.{name}", "type": "aws_lambda_function", "values": {"handler": name}}
        for name in ("One", "Odd", "Two")
    ]
    texts = {
        "sam": "Resources:\n" + sam("One") + sam("Odd") + sam("Two"),
        "serverless": service + "".join(f"  {name}: {{handler: {name}}}\n" for name in ("One", "Odd", "Two")),
        "plan": json.dumps({"planned_values": {"root_module": {"resources": resources}}}),
    }
    name = {"sam": "template.yaml", "serverless": "serverless.yml", "plan": "plan.json"}[family]
    write(tmp_path, **{name: texts[family]})
    read = attributes.text

    def fails(value, *others):
        if value == "Odd":
            raise RuntimeError("not foreseen")
        return read(value, *others)

    monkeypatch.setattr(attributes, "text", fails)
    found = discover(tmp_path)

    assert names(found) == ["One", "Two"]
    line = {"sam": 3, "serverless": 5, "plan": 1}[family]
    assert [problem.place.line for problem in found.problems] == [line]
    assert "cannot be read: lambdabot failed: RuntimeError: not foreseen" in found.problems[0].reason


def test_an_unforeseen_error_in_the_events_of_a_template_costs_no_function(tmp_path, monkeypatch):
    write(tmp_path, **{"template.yaml": SAM.format(name="One")})

    def fails(_):
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(cloudformation, "events_of_resources", fails)
    found = discover(tmp_path)

    assert names(found) == ["One"]
    assert len(found.problems) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_work_grows_with_the_functions_and_nothing_is_looked_through_again(tmp_path, family):
    def calls(count):
        write_large(family, count, tmp_path / str(count))
        made = collections = 0

        def called(_, event, __):
            nonlocal made
            made += event in {"call", "c_call"}

        def collected(phase, _):
            nonlocal collections
            collections += phase == "start"

        gc.callbacks.append(collected)
        sys.setprofile(called)
        try:
            found = discover(tmp_path / str(count))
        finally:
            sys.setprofile(None)
            gc.callbacks.remove(collected)
        assert len(found.functions) == count
        return made, collections

    discover_once = calls(10)  # modules are imported
    small, large = calls(30), calls(120)

    assert discover_once[0] < small[0] < large[0] < 4.5 * small[0]
    assert large[1] < 5


def test_a_plan_fills_what_is_open_but_no_code_that_something_else_deploys(tmp_path):
    function = 'resource "aws_lambda_function" "f" {\n  filename = "a.zip"\n  memory_size = var.memory\n%s}\n'
    values = {"filename": "placeholder.zip", "memory_size": 832}
    resource = {"address": "aws_lambda_function.f", "type": "aws_lambda_function", "values": values}
    ignored = function % "  lifecycle {\n    ignore_changes = [filename]\n  }\n"
    write(
        tmp_path,
        **{
            "main.tf": f'{ignored}variable "memory" {{}}\n',
            "plan.json": json.dumps({"planned_values": {"root_module": {"resources": [resource]}}}),
        },
    )

    (only,) = discover(tmp_path).functions

    assert only.memory_mb.value == 832
    assert "deployed by something else" in only.code.reason


def test_an_unforeseen_error_in_one_file_is_told_and_costs_no_other(tmp_path, monkeypatch):
    write(
        tmp_path, **{"a.yaml": SAM.format(name="A"), "b.yaml": "AWS::Lambda::Function", "c.yaml": SAM.format(name="C")}
    )
    read = reading.documents

    def fails(text):
        if text.path.name == "b.yaml":
            raise RecursionError
        return read(text)

    monkeypatch.setattr(reading, "documents", fails)
    found = discover(tmp_path)

    assert names(found) == ["A", "C"]
    assert [problem.place.path.name for problem in found.problems] == ["b.yaml"]


def test_modules_that_call_one_another_too_deeply_are_told(tmp_path):
    function = 'resource "aws_lambda_function" "at" {\n  filename = "a.zip"\n}\n'
    for number in range(8):
        call = f'module "m{number + 1}" {{\n  source = "../{number + 1}"\n}}\n' if number < 7 else ""
        write(tmp_path, **{f"{number}/main.tf": function + call})

    found = discover(tmp_path)

    assert len(found.functions) == 6
    assert [problem.reason for problem in found.problems] == [
        "the module `m6` is called more than 5 deep: give its functions in lambdabot.yml"
    ]


def test_values_through_hundreds_of_names_are_read_or_told(tmp_path):
    chain = "".join(f"  l{number} = local.l{number + 1}\n" for number in range(600))
    function = 'resource "aws_lambda_function" "{}" {{\n  filename = "a.zip"\n  timeout = {}\n}}\n'
    write(
        tmp_path,
        **{
            "main.tf": function.format("deep", "local.l0") + function.format("plain", "9"),
            "locals.tf": f"locals {{\n{chain}  l600 = 7\n}}\n",
        },
    )

    found = discover(tmp_path)

    assert names(found)[-1] == "plain"
    assert len(found.functions) + len(found.problems) == 2


@settings(max_examples=examples(150), deadline=None)
@given(data=st.data())
def test_no_damage_to_a_template_ends_in_a_traceback(data, tmp_path_factory):
    case = data.draw(st.sampled_from(cases()))
    copy = tmp_path_factory.mktemp("damaged") / "case"
    shutil.copytree(case, copy)
    path = data.draw(st.sampled_from(sorted(one for one in copy.rglob("*") if one.is_file())))
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 200)))
    path.write_bytes(content[:start] + data.draw(st.binary(max_size=8)) + content[end:])

    discover(copy)


@pytest.mark.parametrize("name", ["a.yaml", "a.json", "a.template", "serverless.yml", "a.tf", "a.tfvars"])
@settings(max_examples=examples(40), deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_is_a_template_or_a_problem(name, text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    (folder / name).write_text(f"# AWS::Lambda::Function\n{text}", encoding="utf-8", errors="replace")

    discover(folder)
