"""lambdabot.yml on top of templates: it wins, and needs to name only the difference."""

import textwrap
from pathlib import Path

import pytest

from lambdabot.errors import UsageError
from lambdabot.model import Architecture, Configuration
from lambdabot.project.discovery import discover
from lambdabot.settings.declared import not_measured
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load
from lambdabot.settings.target_branch import load_base
from lambdabot.workspace import OUTSIDE

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Parameters:
      Bucket: {Type: String}
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          FunctionName: shop-orders
          CodeUri: src
          Handler: app.handler
          Runtime: python3.12
          MemorySize: 512
          Architectures: [arm64]
          Timeout: 20
      Built:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: dist/built.zip
          Handler: app.handler
          Runtime: python3.12
      Open:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: !Ref Bucket
          Handler: app.handler
          Runtime: python3.12
          MemorySize: !Ref Bucket
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "template.yaml").write_text(textwrap.dedent(TEMPLATE))
    return tmp_path


def settings(project: Path, text: str = "", **inputs):
    path = project / "lambdabot.yml"
    path.write_text("version: 1\n" + textwrap.dedent(text))
    return load(Inputs(config=path, endpoint="local", **inputs), discover=discover)


@pytest.mark.parametrize("text", ["", "functions: {}", "functions:", "defaults:"])
def test_the_templates_alone_are_settings(project, text):
    if text in {"functions:", "defaults:"}:
        text += " {}"

    (orders,) = settings(project, text).functions

    assert orders.name == "Orders"
    assert orders.code.source == project / "src"
    assert (orders.code.handler, orders.code.runtime, orders.setup.timeout_seconds) == ("app.handler", "python3.12", 20)
    assert orders.setup.current == Configuration(memory_mb=512, architecture=Architecture.ARM64)
    assert not orders.setup.current_assumed
    assert orders.origin.declaration is not None


def test_what_a_template_keeps_ready_is_known(project):
    template = project / "template.yaml"
    ready = "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 3}"
    template.write_text(template.read_text().replace("Timeout: 20", f"Timeout: 20\n      {ready}"))

    (orders,) = settings(project).functions

    assert orders.setup.provisioned_concurrency == 3


def test_what_lambdabot_yml_says_wins_key_by_key(project):
    found = settings(project, "defaults: {timeout_seconds: 5}\nfunctions: {Orders: {current: {memory_mb: 512}}}\n")

    (orders,) = found.functions
    assert orders.setup.timeout_seconds == 5
    assert orders.setup.current == Configuration(memory_mb=512, architecture=Architecture.ARM64)
    assert orders.code.handler == "app.handler"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "functions:\n  Orders: {current: {memory_mb: 128}}\n",
            (3, 22),
            "`Orders`: `current.memory_mb` is 128, and the template deploys 512 ({}:13): leave it out here",
        ),
        (
            "defaults:\n  current: {architecture: x86_64}\n",
            (3, 13),
            "`Orders`: `current.architecture` is x86_64, and the template deploys arm64 ({}:14): leave it out here",
        ),
    ],
)
def test_what_is_deployed_is_the_templates_to_say(project, text, place, message):
    with pytest.raises(UsageError) as refused:
        settings(project, text)

    (mistake,) = refused.value.mistakes
    assert (mistake.line, mistake.column) == place
    assert mistake.message.startswith(message.format(project / "template.yaml"))


def test_what_contradicts_a_template_is_told_with_the_other_mistakes(project):
    with pytest.raises(UsageError) as refused:
        settings(project, "functions: {Orders: {current: {memory_mb: 128}, source: gone}}\n")

    assert ["the template deploys 512" in one.message for one in refused.value.mistakes] == [True, False]


def test_a_function_may_be_called_by_its_function_name(project):
    (orders,) = settings(project, "functions: {shop-orders: {timeout_seconds: 5}}\n").functions

    assert (orders.name, orders.setup.timeout_seconds, orders.code.handler) == ("shop-orders", 5, "app.handler")


def test_functions_of_lambdabot_yml_alone_stand_beside(project):
    found = settings(project, "functions: {other: {source: src, handler: app.handler}}\n").functions

    assert [(one.name, one.origin.declaration is None) for one in found] == [("other", True), ("Orders", False)]


def test_what_lacks_something_is_left_out_with_its_place_and_what_to_do(project):
    left_out = settings(project).left_out

    assert left_out["Built"].startswith(f"{project}/template.yaml:16: its code `dist/built.zip` does not exist here: ")
    assert "its code cannot be decided: the parameter `Bucket` has no default" in left_out["Open"]


def test_one_file_is_code_and_another_archive_costs_no_other_function(project):
    template = project / "template.yaml"
    template.write_text(
        template.read_text()
        .replace("dist/built.zip\n      Handler: app", "built.py\n      Handler: built")
        .replace("!Ref Bucket", "open.tgz", 1)
    )
    (project / "built.py").write_text("def handler(event, context):\n    return 1\n")
    (project / "open.tgz").write_bytes(b"\x1f\x8b")

    found = settings(project)

    assert {one.name: one.code.source.name for one in found.functions} == {"Orders": "src", "Built": "built.py"}
    assert "open.tgz is neither a folder nor a .zip nor an image URI" in found.left_out["Open"]


def test_one_file_may_be_given_in_lambdabot_yml(project):
    found = settings(project, "functions: {other: {source: src/app.py, handler: app.handler}}\n").functions

    assert next(one for one in found if one.name == "other").code.source == project / "src" / "app.py"


def test_what_lambdabot_yml_names_is_completed_or_a_mistake_at_the_template(project):
    found = settings(project, "functions: {Open: {source: src, current: {architecture: x86_64}}}\n").functions
    opened = next(one for one in found if one.name == "Open")
    assert opened.setup.current == Configuration(memory_mb=128, architecture=Architecture.X86_64)
    assert opened.setup.current_assumed

    with pytest.raises(UsageError) as refused:
        settings(project, "functions: {Open: {timeout_seconds: 4}}\n")
    (undecided,) = refused.value.mistakes
    assert (undecided.path, undecided.line) == (project / "template.yaml", 25)
    assert "`functions.Open.source` is missing, and cannot be decided: the parameter `Bucket`" in undecided.message


def test_a_value_that_the_settings_do_not_take_is_a_mistake_at_the_template(project):
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("Timeout: 20", "Timeout: 2000"))

    with pytest.raises(UsageError) as refused:
        settings(project, "functions: {Orders: {strategy: speed}}\n")

    (mistake,) = refused.value.mistakes
    assert (mistake.path, mistake.line) == (template, 15)


def test_only_named_templates_are_read(project):
    (project / "other.yaml").write_text((project / "template.yaml").read_text().replace("Orders", "Others"))

    assert {one.name for one in settings(project, "templates: [other.yaml]\n").functions} == {"Others"}
    with pytest.raises(UsageError, match="no template declares one that can be measured"):
        settings(project, "templates: []\n")


@pytest.mark.parametrize("text", ["templates: 3", "templates: [3]", "functions: [a]", "functions: {Orders: 3}"])
def test_what_is_malformed_is_said_by_the_schema(project, text):
    with pytest.raises(UsageError) as refused:
        settings(project, text)

    assert all(one.path == project / "lambdabot.yml" and one.line == 2 for one in refused.value.mistakes)


def test_with_nothing_to_measure_every_reason_is_said(project):
    (project / "src" / "app.py").unlink()
    (project / "src").rmdir()
    (project / "stack-template.yaml").write_text("AWS::Serverless::Function: [")

    with pytest.raises(UsageError) as refused:
        settings(project)

    said = str(refused.value)
    assert all(f"`{name}`: " in said for name in ("Orders", "Built", "Open"))
    assert "is not valid YAML" in said
    assert refused.value.advice == ""  # each reason says what to do; a first lambdabot.yml would not help


def test_with_no_function_anywhere_a_first_one_is_shown(project):
    (project / "template.yaml").unlink()

    with pytest.raises(UsageError) as refused:
        settings(project)

    assert "lambdabot init" in refused.value.advice


def test_a_function_that_is_left_out_cannot_be_asked_for(project):
    with pytest.raises(UsageError, match=r"`Built`: .*does not exist here"):
        settings(project, functions=("Built",))


def test_a_target_branch_without_lambdabot_yml_is_described_by_its_templates(project):
    target = load_base(project / "lambdabot.yml", discover)

    orders, built = target.functions
    assert (orders.name, orders.setup.current.memory_mb, built.name) == ("Orders", 512, "Built")
    assert not target.written
    assert target.left_out.keys() == {"Open"}
    assert target.absent.keys() == {"Built"}
    assert "its code `dist/built.zip` does not exist here" in target.absent["Built"]


TRACING = "arn:aws:lambda:eu-west-1:123456789012:layer:t:7"

LAYERED = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Common:
        Type: AWS::Serverless::LayerVersion
        Properties: {ContentUri: shared}
      Outside:
        Type: AWS::Serverless::LayerVersion
        Properties: {ContentUri: ..}
      Gone:
        Type: AWS::Serverless::LayerVersion
        Properties: {ContentUri: dist}
      Fn:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src
          Handler: app.handler
          Runtime: python3.12
          Layers: [!Ref Gone, !Ref Common, !Ref Outside, !Ref Unknown, TRACING]
""".replace("TRACING", TRACING)


def test_layers_of_a_template_are_kept_in_order_and_what_is_missing_is_told(project):
    (project / "shared").mkdir()
    (project / "template.yaml").write_text(textwrap.dedent(LAYERED))

    (function,) = settings(project).functions

    common, arn = function.code.layers_for(Architecture.X86_64)
    assert (common.name, common.source, arn) == ("Common", project / "shared", TRACING)
    assert [one.reason for one in function.code.missing_layers] == [
        "the layer `Gone`: `dist` does not exist here: build it before lambdabot runs",
        f"the layer `Outside`: `..` {OUTSIDE}",
        "`Unknown` is neither a parameter nor a resource of this template",
    ]
    assert {one.place.line for one in function.code.missing_layers} == {19}


@pytest.mark.parametrize("where", ["defaults: {{{}}}", "functions: {{Fn: {{{}}}}}"])
def test_layers_of_lambdabot_yml_stand_for_those_of_the_template(project, where):
    (project / "shared").mkdir()
    (project / "template.yaml").write_text(textwrap.dedent(LAYERED))

    (function,) = settings(project, where.format("layers: [shared]")).functions

    assert [one.name for one in function.code.layers_for(Architecture.ARM64)] == ["Common"]
    assert function.code.missing_layers == ()


def test_an_existing_function_has_all_layers_where_the_template_lacks_one(project):
    (project / "template.yaml").write_text(textwrap.dedent(LAYERED))

    (function,) = settings(project, "functions: {Fn: {like: orders}}").functions

    assert (function.code.layers, function.code.missing_layers) == ({}, ())
    assert "layers" not in function.origin.given


def test_a_layer_that_the_target_branch_would_have_to_build_makes_it_absent(project):
    (project / "shared").mkdir()
    (project / "template.yaml").write_text(textwrap.dedent(LAYERED.replace("!Ref Outside, ", "")))

    target = load_base(project / "lambdabot.yml", discover)

    assert "`dist` does not exist here" in target.absent["Fn"]


def test_functions_that_lack_the_same_share_a_line():
    left_out = {f"f{number}": f"stack.yaml:{number}: its code lies in S3" for number in range(22)}

    lines = not_measured(["a note"], {**left_out, "other": "a.yaml:1: it has no handler"})

    assert lines == (
        "a note",
        f"{', '.join(f'f{number}' for number in range(20))} are not measured: stack.yaml:0: its code lies in S3",
        "f20, f21 are not measured: stack.yaml:20: its code lies in S3",
        "other is not measured: a.yaml:1: it has no handler",
    )
