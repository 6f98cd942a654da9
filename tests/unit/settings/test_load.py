import json
import os
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.errors import UsageError
from lambdabot.model import Architecture, Configuration, Expectation, ImageConfig, Side, Strategy, Trigger
from lambdabot.project.discovery import discover
from lambdabot.settings.forms import FORMS
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load, load_comment
from lambdabot.settings.schema import SettingsFile
from lambdabot.settings.target_branch import load_base
from lambdabot.workspace import OUTSIDE, Workspace

ONE_OF = "a payload needs one of `event`, `file`, `lines` and `sample`"
MINIMAL = """\
version: 1
functions:
  hello:
    source: src
    handler: app.handler
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("def handler(event, context): return 1\n")
    return tmp_path


def write(project: Path, text: str) -> Path:
    path = project / "lambdabot.yml"
    path.write_text(text)
    return path


def mistakes(project: Path, text: str, **inputs) -> list[str]:
    path = write(project, text)
    with pytest.raises(UsageError) as caught:
        load(Inputs(config=path, **{"endpoint": "local", **inputs}), discover=discover)
    return [str(mistake).replace(f"{project}/", "") for mistake in caught.value.mistakes]


def test_source_and_handler_are_enough_for_the_local_endpoint(project):
    settings = load(Inputs(config=write(project, MINIMAL), endpoint="local"), discover=discover)

    (function,) = settings.functions
    assert function.code.source == project / "src"
    assert (function.code.handler, function.code.runtime, function.side) == ("app.handler", "python3.13", Side.HEAD)
    assert function.code.requirements is None
    assert function.question.memory_mb == (128, 256, 512, 1024, 1769, 3008)
    assert function.question.architectures == (Architecture.X86_64, Architecture.ARM64)
    assert function.setup.current == Configuration(memory_mb=128, architecture=Architecture.X86_64)
    assert function.setup.current_assumed
    assert [(payload.body, payload.weight) for payload in function.question.payloads] == [(b"{}", Decimal(1))]
    assert (function.question.budget.invocations, function.question.budget.usd, function.question.budget.minutes) == (
        1000,
        Decimal("1.00"),
        10.0,
    )
    assert function.question.strategy is Strategy.COST
    assert function.question.tie_tolerance_percent == 2.0
    assert settings.gate.threshold_percent == 10.0


def test_a_requirements_file_in_the_source_is_found(project):
    (project / "src" / "requirements.txt").write_text("six\n")

    (function,) = load(Inputs(config=write(project, MINIMAL), endpoint="local"), discover=discover).functions

    assert function.code.requirements == project / "src" / "requirements.txt"


def test_everything_that_can_be_set_is_read(project):
    (project / "events").mkdir()
    (project / "events" / "small.json").write_text('{ "size": 1 }')
    text = """\
version: 1
defaults:
  memory_mb: [1024, 128]
  environment: {STAGE: test, RETRIES: 3}
functions:
  hello:
    source: src
    handler: app.handler
    architectures: [arm64]
    payloads:
      - {file: events/small.json, weight: 0.9}
      - {name: big, event: {size: 9}, weight: 0.1}
    current: {memory_mb: 512, architecture: arm64}
    monthly_invocations: 5100000
    constraints: {p95_ms: 300}
    budget: {invocations: 50}
gate: {threshold_percent: 5, inconclusive: fail}
comment: {mode: new}
budget: {usd: 2.50}
"""

    settings = load(Inputs(config=write(project, text), endpoint="local", comment="off"), discover=discover)

    (function,) = settings.functions
    assert function.question.memory_mb == (128, 1024)
    assert function.setup.environment == {"STAGE": "test", "RETRIES": "3"}
    assert [(p.name, p.body, p.weight) for p in function.question.payloads] == [
        ("small", b'{ "size": 1 }', Decimal("0.9")),
        ("big", b'{"size":9}', Decimal("0.1")),
    ]
    assert function.setup.current == Configuration(memory_mb=512, architecture=Architecture.ARM64)
    assert not function.setup.current_assumed
    assert function.question.constraints.p95_ms == 300
    assert function.question.budget.invocations == 50
    assert (settings.gate.threshold_percent, settings.gate.inconclusive) == (5.0, "fail")
    assert settings.comment.mode == "off"
    assert settings.budget.usd == Decimal("2.5")


def test_reports_hold_neither_variables_nor_events(project):
    text = MINIMAL + "    environment: {KEY: hunter2}\n    payloads: [{event: {card: 4111}}]\n"

    settings = load(Inputs(config=write(project, text), endpoint="local"), discover=discover)

    shown = json.dumps(settings.effective)
    assert "KEY" in shown
    assert "hunter2" not in shown
    assert "4111" not in shown
    assert "hunter2" not in repr(settings.functions)


def test_every_mistake_is_told_at_once_with_its_line_and_column(project):
    text = """\
version: 1
functions:
  hello:
    sources: src
    handler: app.handler
    memory_mb: [128, 64]
    architectures: [x86]
    environment: {FLAG: yes}
gates: {}
comment: {mode: sometimes}
"""

    assert mistakes(project, text) == [
        "lambdabot.yml:3:3: `functions.hello.source` is missing",
        "lambdabot.yml:4:5: `functions.hello.sources` is not known here; did you mean `source`?",
        "lambdabot.yml:6:22: `functions.hello.memory_mb.1`: must be at least 128; it is 64",
        "lambdabot.yml:7:21: `functions.hello.architectures.0`: must be 'x86_64' or 'arm64'; it is 'x86'",
        (
            "lambdabot.yml:8:19: `functions.hello.environment.FLAG`: write the value in quotes; YAML reads it as"
            " something else than text"
        ),
        "lambdabot.yml:9:1: `gates` is not known here; did you mean `gate`?",
        "lambdabot.yml:10:11: `comment.mode`: must be 'update', 'new', 'hide-and-new' or 'off'; it is 'sometimes'",
    ]


def test_a_mistake_in_defaults_is_told_once_and_where_it_stands(project):
    text = """\
version: 1
defaults:
  timeout_seconds: 0
functions:
  one: {source: src, handler: app.handler}
  two: {source: src, handler: app.handler}
"""

    assert mistakes(project, text) == ["lambdabot.yml:3:3: `defaults.timeout_seconds`: must be at least 1; it is 0"]


def test_what_paths_and_payloads_lack_is_told_at_once(project):
    (project / "bad.json").write_text("{")
    (project / "app.tar").write_text("")
    text = """\
version: 1
functions:
  one:
    source: nowhere
    handler: app.handler
  two:
    source: app.tar
    handler: app.handler
  three:
    source: src
    requirements: needs.txt
    payloads:
      - file: bad.json
      - file: missing.json
      - {name: same, event: 1}
      - {name: same, event: 2}
      - {event: 1, file: bad.json}
"""
    assert mistakes(project, text) == [
        f"lambdabot.yml:4:5: `one`: there is no file or folder {project}/nowhere".replace(f"{project}/", ""),
        "lambdabot.yml:7:5: `two`: app.tar is neither a folder nor a .zip nor an image URI",
        "lambdabot.yml:9:3: `three` needs a `handler`, as in `app.handler`",
        "lambdabot.yml:11:5: `three`: there is no file needs.txt in src",
        (
            "lambdabot.yml:13:9: `three`: payload bad.json is not valid JSON: Expecting property name enclosed in"
            " double quotes: line 1 column 2 (char 1)"
        ),
        "lambdabot.yml:14:9: `three`: payload missing.json cannot be read: No such file or directory",
        "lambdabot.yml:16:9: `three`: two payloads are called `same`; give each a `name`",
        f"lambdabot.yml:17:9: `functions.three.payloads.4`: {ONE_OF}",
    ]


def test_a_payload_larger_than_lambda_takes_is_refused(project):
    (project / "big.json").write_text('"' + "x" * (6 * 1024 * 1024) + '"')

    assert mistakes(project, MINIMAL + "    payloads: [{file: big.json}]\n") == [
        "lambdabot.yml:6:17: `hello`: payload big.json is larger than 6 MB"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nfunctions: [\n", "lambdabot.yml:3:1: is not valid YAML: expected the node content, but found"),
        ("- version\n", "lambdabot.yml:1:1: must hold a mapping that starts with `version: 1`"),
        ("", "lambdabot.yml:1:1: must hold a mapping that starts with `version: 1`"),
        ("version: 1\nversion: 1\n", "lambdabot.yml:2:1: `version` stands here twice"),
        ("version: 1\n---\nversion: 1\n", "lambdabot.yml:2:1: is not valid YAML: but found another document"),
        ("version: 2\nfunctions: {}\n", "lambdabot.yml:1:1: `version`: must be 1; it is 2"),
        ("version: 1\nx: !!python/object:os.system 1\nfunctions: {}\n", "lambdabot.yml:2:4: is not valid YAML"),
        ("version: 1\ndate: 2026-99-99\n", "lambdabot.yml:2:7: is not valid YAML: month must be in 1..12"),
        ('version: 1\nfunctions: {a: {source: "x\\0"}}\n', "lambdabot.yml:2:25: holds a NUL character"),
        (
            "version: 1\nfunctions: 7\n",
            "lambdabot.yml:2:1: `functions`: must be a mapping, as in `{key: value}`; it is 7",
        ),
        (
            "version: 1\nfunctions: {a b: {}}\n",
            "lambdabot.yml:2:13: `functions.a b`: must be letters, digits, `-` and `_`, 64 at most; it is 'a b'",
        ),
    ],
)
def test_a_file_that_is_no_settings_is_refused_with_its_line(project, text, message):
    assert mistakes(project, text)[0].startswith(message)


ALIASES_OF_ALIASES = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ALIASES_OF_ALIASES, "1:1: holds more than 100,000 values, what its aliases (`*name`) repeat included"),
        ("functions: &all\n  hello: *all\n", "1:1: is nested too deeply, or an alias (`*name`) holds itself"),
        (f"functions: {'[' * 2000}{']' * 2000}\n", "1:1: is nested too deeply, or an alias (`*name`) holds itself"),
        (
            f"expires_hours: {'9' * 5000}\n",
            "2:16: is not valid YAML: a number has more than 100 characters",
        ),
    ],
)
def test_a_file_that_is_too_much_to_read_is_refused_at_once(project, text, message):
    (mistake,) = mistakes(project, f"version: 1\n{text}")

    assert mistake.startswith(f"lambdabot.yml:{message}")


def test_what_the_schema_does_not_see_is_told_with_what_it_sees(project):
    (project / "bad.json").write_text("{")
    text = """\
functions:
  absent: {source: nowhere, handler: app.handler, timeout_seconds: 0}
  events:
    source: src
    handler: "two words"
    payloads:
      - {file: missing.json, weight: 0}
      - {}
      - {event: 1, name: one, wieght: 2}
      - {file: bad.json}
  zipped: {source: code.zip, handler: app.handler, requirements: requirements.txt}
  existing: {like: a b, side_effects: accepted}
  lost: {handler: app.handler}
  worse:
version: 2
"""
    zipfile.ZipFile(project / "code.zip", "w").close()

    assert [re.sub(r"(:\d+):\d+: ", r"\1: ", one) for one in mistakes(project, text)] == [
        "lambdabot.yml:2: `functions.absent.timeout_seconds`: must be at least 1; it is 0",
        "lambdabot.yml:2: `absent`: there is no file or folder nowhere",
        (
            "lambdabot.yml:5: `functions.events.handler`: must be a handler as in `app.handler`, without spaces, "
            "128 characters at most; it is 'two words'"
        ),
        "lambdabot.yml:7: `functions.events.payloads.0.weight`: must be above 0; it is 0",
        "lambdabot.yml:7: `events`: payload missing.json cannot be read: No such file or directory",
        f"lambdabot.yml:8: `functions.events.payloads.1`: {ONE_OF}",
        "lambdabot.yml:9: `functions.events.payloads.2.wieght` is not known here; did you mean `weight`?",
        (
            "lambdabot.yml:10: `events`: payload bad.json is not valid JSON: Expecting property name enclosed in "
            "double quotes: line 1 column 2 (char 1)"
        ),
        "lambdabot.yml:11: `zipped`: `requirements` goes with a folder; a .zip holds its packages, and an image too",
        (
            "lambdabot.yml:12: `functions.existing.like`: must be a function's name or ARN, as in `orders` or "
            "`orders:live`; it is 'a b'"
        ),
        "lambdabot.yml:13: `functions.lost.source` is missing",
        "lambdabot.yml:14: `functions.worse`: must be a mapping, as in `{key: value}`; it is empty",
        "lambdabot.yml:15: `version`: must be 1; it is 2",
    ]


@pytest.mark.parametrize("text", ["gate: 1\nfunctions: {1: 2}\n", "1: {}\nfunctions: {hello: {1: 2}}\n"])
def test_whatever_the_schema_refuses_is_told_once(project, text):
    told = mistakes(project, f"version: 1\n{text}")

    assert len(set(told)) == len(told)


def test_a_file_that_is_no_text_is_refused(project):
    (project / "lambdabot.yml").write_bytes(b"version: \xff\n")
    with pytest.raises(UsageError, match=r"is not UTF-8 text \(byte 9\)"):
        load(Inputs(config=project / "lambdabot.yml"), discover=discover)


def test_a_file_that_cannot_be_read_is_refused(project):
    with pytest.raises(UsageError, match="is a folder"):
        load_base(project, discover)


def test_without_a_file_the_shortest_one_is_shown(tmp_path):
    with pytest.raises(UsageError, match=r"(?s)there is no settings file .*handler: app.handler"):
        load(Inputs(config=tmp_path / "lambdabot.yml"), discover=discover)


def test_the_inputs_mistakes_are_told_with_the_files(project):
    problems = mistakes(
        project,
        MINIMAL + "    timeout_seconds: 0\n",
        endpoint="locl",
        comment="never",
    )

    assert problems == [
        "endpoint `locl` is neither aws, local nor an http(s) URL",
        "comment `never` is none of update, new, hide-and-new, off",
        "lambdabot.yml:6:5: `functions.hello.timeout_seconds`: must be at least 1; it is 0",
    ]


@pytest.mark.parametrize("endpoint", ["http://", "ftp://host", "http://host:99999", "http://[::1"])
def test_an_address_that_is_no_url_is_refused(project, endpoint):
    assert mistakes(project, MINIMAL, endpoint=endpoint) == [
        f"endpoint `{endpoint}` is neither aws, local nor an http(s) URL"
    ]


def test_functions_are_chosen_by_name(project):
    text = MINIMAL + "  world:\n    source: src\n    handler: app.handler\n"

    settings = load(Inputs(config=write(project, text), endpoint="local", functions=("world",)), discover=discover)

    assert [function.name for function in settings.functions] == ["world"]
    assert mistakes(project, text, functions=("wrld", "zzz")) == [
        "there is no function `wrld`; did you mean `world`?",
        "there is no function `zzz`; there are hello, world",
    ]


def test_a_role_is_needed_on_aws_only(project):
    assert mistakes(project, MINIMAL, endpoint="aws") == [
        "lambdabot.yml:3:3: `hello` needs a `role` on AWS: the execution role of its throw-away copies"
    ]
    assert (
        load(Inputs(config=write(project, MINIMAL), endpoint="http://127.0.0.1:9"), discover=discover).endpoint
        == "http://127.0.0.1:9"
    )


def test_the_embedded_endpoint_is_refused_where_it_cannot_run(project, monkeypatch):
    monkeypatch.setattr("lambdabot.settings.load.sys.platform", "darwin")

    assert mistakes(project, MINIMAL) == [
        "the embedded endpoint needs Linux: run it in a container or in WSL2, or use `--endpoint aws`"
    ]


@pytest.mark.parametrize(
    "uri", ["123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1", "ghcr.io/a/b@sha256:" + "0" * 64]
)
def test_an_image_needs_no_handler(project, uri):
    text = f'version: 1\nfunctions:\n  hello:\n    source: "{uri}"\n'

    (function,) = load(Inputs(config=write(project, text), endpoint="local"), discover=discover).functions

    assert function.code.source == uri
    assert function.code.requirements is None


def test_the_target_branch_describes_its_own_side(project):
    target = load_base(write(project, MINIMAL), discover)
    (function,) = target.functions

    assert function.side is Side.BASE
    assert target.left_out == {}


ROLE = "arn:aws:iam::123456789012:role/copies"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:tools:3"


def test_an_existing_function_needs_neither_source_nor_handler(project):
    text = f'version: 1\nfunctions:\n  orders: {{like: "orders:live", role: "{ROLE}"}}\n'

    settings = load(Inputs(config=write(project, text)), discover=discover)

    (function,) = settings.functions
    assert (function.code.source, function.code.handler, function.origin.like) == (None, None, "orders:live")
    assert function.origin.given == {"like", "role"}
    assert settings.places["orders"].line == 3


def test_the_role_of_an_existing_function_is_taken_only_when_its_side_effects_are_accepted(project):
    text = 'version: 1\nfunctions:\n  orders: {{like: "orders"{}}}\n'

    (mistake,) = mistakes(project, text.format(""), endpoint="aws")
    assert mistake.startswith("lambdabot.yml:3:3: `orders` needs a `role` on AWS")
    assert "write to production" in mistake
    assert "`side_effects: accepted`" in mistake
    (function,) = load(
        Inputs(config=write(project, text.format(", side_effects: accepted"))), discover=discover
    ).functions
    assert function.origin.side_effects_accepted


def test_layers_are_one_list_or_one_per_architecture(project):
    def layers(written: str):
        text = MINIMAL + f"    layers: {written}\n"
        (function,) = load(Inputs(config=write(project, text), endpoint="local"), discover=discover).functions
        return {architecture.value: function.code.layers_for(architecture) for architecture in Architecture}

    assert layers(f"[{LAYER}]") == {"x86_64": (LAYER,), "arm64": (LAYER,)}
    assert layers(f"{{arm64: [{LAYER}]}}") == {"x86_64": (), "arm64": (LAYER,)}


def test_a_layer_may_be_a_folder_or_a_zip_of_the_repository(project):
    (project / "shared").mkdir()
    (project / "tools.zip").touch()
    text = MINIMAL + f"    layers: [shared, {LAYER}, tools.zip]\n    local_layers: {{'{LAYER}': shared}}\n"

    (function,) = load(Inputs(config=write(project, text), endpoint="local"), discover=discover).functions

    shared, arn, tools = function.code.layers_for(Architecture.ARM64)
    assert (shared.name, shared.source, arn) == ("shared", project / "shared", LAYER)
    assert tools.source == project / "tools.zip"
    assert function.code.local_layers[LAYER].source == project / "shared"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("layers: [gone]", "`hello`: `gone` does not exist here: build it before lambdabot runs"),
        ("layers: [lambdabot.yml]", "`hello`: `lambdabot.yml` is neither a folder nor a .zip"),
        (f"local_layers: {{'{LAYER}': gone.zip}}", "`hello`: `gone.zip` does not exist here"),
        ("local_layers: {tools: gone.zip}", "must be the ARN of a layer's version"),
    ],
)
def test_a_layer_that_is_not_there_is_a_mistake_with_its_line(project, line, words):
    (mistake,) = mistakes(project, f"{MINIMAL}    {line}\n")
    assert words in mistake
    assert f":{len(MINIMAL.splitlines()) + 1}:" in mistake


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "layers: [arn:aws:lambda:us-east-1:123456789012:layer:tools]",
            "`functions.hello.layers.0`: must be the ARN of a layer's version",
        ),
        (f"layers: {{riscv: [{LAYER}]}}", "`functions.hello.layers.riscv`: must be 'x86_64' or 'arm64'"),
        (f"layers: [{', '.join([LAYER] * 6)}]", "`functions.hello.layers`: must be a list of at most 5, not 6"),
        ("ephemeral_storage_mb: 511", "`functions.hello.ephemeral_storage_mb`: must be at least 512"),
        ("side_effects: accepted", "`functions.hello.side_effects`: there is no `like`"),
        ("side_effects: yes please", "`functions.hello.side_effects`: must be 'accepted'"),
        ("like: a b", "`functions.hello.like`: must be a function's name or ARN"),
        ("snap_start: true\n    ephemeral_storage_mb: 1024", "SnapStart only with 512 MB"),
        ("snap_start: true\n    provisioned_concurrency: 2", "SnapStart only without provisioned concurrency"),
        ("provisioned_concurrency: -1", "`functions.hello.provisioned_concurrency`: must be at least 0"),
        ("image_config: {comand: [x]}", "`functions.hello.image_config.comand` is not known here; did you mean"),
    ],
)
def test_what_lambda_would_refuse_is_refused_with_its_line(project, line, words):
    (mistake,) = mistakes(project, f"{MINIMAL}    {line}\n")

    assert re.match(r"lambdabot\.yml:6:\d+: ", mistake)
    assert words in mistake


def test_a_container_image_may_be_told_what_to_run(project):
    uri = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"
    text = f'version: 1\nfunctions:\n  hello:\n    source: "{uri}"\n'
    config = "    image_config: {entry_point: [/run], command: [app.handler], working_directory: /app}\n"

    (function,) = load(Inputs(config=write(project, text + config), endpoint="local"), discover=discover).functions
    assert function.code.image_config == ImageConfig(
        entry_point=("/run",), command=("app.handler",), working_directory="/app"
    )


def test_every_pattern_is_told_in_words():
    def patterns(schema):
        if isinstance(schema, dict):
            yield from [schema["pattern"]] if isinstance(schema.get("pattern"), str) else []
            for inner in schema.values():
                yield from patterns(inner)
        elif isinstance(schema, list):
            for inner in schema:
                yield from patterns(inner)

    of_decimals = {
        one for one in patterns(SettingsFile.model_json_schema()) if one.startswith("^(?!")
    }  # pydantic's own
    assert set(patterns(SettingsFile.model_json_schema())) - of_decimals <= FORMS.keys()


def test_a_weight_that_no_float_holds_is_refused(project):
    (told,) = mistakes(project, MINIMAL + "    payloads: [{event: 1, weight: 1e400}]\n")
    assert (
        told == "lambdabot.yml:6:27: `functions.hello.payloads.0.weight`: must be at most 1000000000000; it is '1e400'"
    )


def test_a_bucket_is_named_as_s3_names_them(project):
    assert load(
        Inputs(config=write(project, MINIMAL + "bucket: my-packages\n"), endpoint="local"), discover=discover
    ).bucket
    assert "`bucket`: must be an S3 bucket's name" in mistakes(project, MINIMAL + "bucket: My_Packages\n")[0]


@given(st.text(max_size=60))
def test_any_text_is_settings_or_a_clear_refusal(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "lambdabot.yml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(UsageError):
        load_base(path, discover)


def test_the_json_schema_describes_every_key():
    schema = SettingsFile.model_json_schema()

    for name, section in schema["$defs"].items():
        for key, field in section.get("properties", {}).items():
            assert field.get("description"), f"{name}.{key}"


def test_a_template_of_the_comment_lies_below_the_settings_file(project):
    (project / "ci").mkdir()
    (project / "ci" / "cost.md.j2").write_text("{{ view.verdict }}")
    settings = load(
        Inputs(config=write(project, MINIMAL + "comment: {template: ci/cost.md.j2}\n"), endpoint="local"),
        discover=discover,
    )

    assert settings.comment.template == str(project / "ci" / "cost.md.j2")
    assert load(Inputs(config=write(project, MINIMAL), endpoint="local"), discover=discover).comment.template is None


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("absent.j2", "cannot be read: No such file or directory"),
        ("src", "is a folder"),
        ("pipe.j2", "is no regular file"),
        ("large.j2", "is larger than 64 kB"),
        ("../outside.j2", OUTSIDE),
        ("/proc/self/environ", OUTSIDE),
        ("link.j2", OUTSIDE),
        (".git/config", OUTSIDE),
        ("gha-creds-0123456789abcdef.json", OUTSIDE),
    ],
)
def test_no_other_file_becomes_a_template(project, template, why):
    (project / ".git").mkdir()
    (project / ".git" / "config").write_text("x")
    (project / "gha-creds-0123456789abcdef.json").write_text("x")
    (project / "large.j2").write_text("x" * 65537)
    os.mkfifo(project / "pipe.j2")
    (project.parent / "outside.j2").write_text("x")
    (project / "link.j2").symlink_to("/proc/self/environ")

    assert mistakes(project, MINIMAL + f"comment:\n  template: {template}\n") == [
        f"lambdabot.yml:7:3: `template`: `{template}` {why}"
    ]


def test_a_template_of_another_part_of_the_repository_is_none(project):
    (project / "other.j2").write_text("x")
    (project / "part").mkdir()
    path = write(project / "part", "version: 1\ncomment: {template: ../other.j2}\n")

    with pytest.raises(UsageError, match=r"`\.\./other\.j2` does not lie in or below the folder of lambdabot.yml"):
        load_comment(Inputs(config=path, workspace=Workspace(project)))


@pytest.mark.parametrize("number", ["1" + ":1" * 100, "1" + ":1" * 100 + ".5", "9" * 101])
def test_a_number_that_nobody_means_is_refused_before_it_is_counted(project, number):
    (told,) = mistakes(project, MINIMAL + f"expires_hours: {number}\n")

    assert told == "lambdabot.yml:6:16: is not valid YAML: a number has more than 100 characters"


def test_settings_are_bounded_in_size(project):
    with pytest.raises(UsageError, match="is larger than 1 MB"):
        load(Inputs(config=write(project, MINIMAL + "# " + "x" * 1024**2)), discover=discover)


SERVICE = """\
service: shop
provider: {name: aws, runtime: python3.13}
package: {patterns: ['!docs/**']}
functions: {list: {handler: src/app.handler}}
"""


def test_a_selection_of_a_template_holds_for_its_own_code_and_what_is_written_for_readers_is_apart(project):
    (project / "serverless.yml").write_text(SERVICE)
    for text, patterns in (
        ("version: 1\n", True),
        ("version: 1\nfunctions: {list: {source: .}}\n", False),
    ):
        inputs = Inputs(config=write(project, text), endpoint="local", out=project / "reports" / "here")
        (function,) = load(inputs, discover=discover).functions
        assert ("!docs/**" in function.code.selection.patterns) == patterns
        assert function.code.selection.apart == {"reports/here"}


def test_a_folder_beside_the_code_is_not_apart(project):
    inputs = Inputs(config=write(project, MINIMAL), endpoint="local", out=project / "out")
    assert load(inputs, discover=discover).functions[0].code.selection.apart == frozenset()


def test_requirements_beside_a_template_are_none_of_its_inline_code(project):
    (project / "requirements.txt").write_text("requests\n")
    (project / "template.yaml").write_text(
        "Resources:\n  Inline:\n    Type: AWS::Lambda::Function\n    Properties:\n      Handler: index.handler\n"
        "      Runtime: python3.13\n      Code: {ZipFile: 'def handler(event, context): return 1'}\n"
    )
    (function,) = load(Inputs(config=write(project, "version: 1\n"), endpoint="local"), discover=discover).functions
    assert function.code.requirements is None
    assert function.code.selection.is_texts_alone


ANSWERS = """\
version: 1
functions:
  hello:
    source: src
    handler: app.handler
    expect: {status: 200, json: {/body/token: secret-value, "": {}}}
    allowed_errors: [NotFound, 404]
    payloads:
      - {name: missing, event: {}, expect: {status: [404, 410]}}
      - {name: usual, event: {n: 1}}
"""


def test_what_a_good_answer_is(project):
    settings = load(Inputs(config=write(project, ANSWERS), endpoint="local"), discover=discover)

    (function,) = settings.functions
    question = function.question
    assert question.expect == Expectation(status=(200,), json={"/body/token": "secret-value", "": {}})
    assert question.allowed_errors == {"NotFound", "404"}
    missing, usual = question.payloads
    assert function.answer_rule(missing).expect.status == (404, 410)
    assert function.answer_rule(usual).expect == question.expect
    shown = settings.effective["functions"]["hello"]
    assert shown["expect"] == {"status": 200, "json": {"/body/token": "***", "": "***"}}
    assert "secret-value" not in json.dumps(settings.effective)


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("status: 200", "status: 42", "`functions.hello.expect.status`: must be at least 100"),
        ("status: 200", "status: [200, ok]", "`functions.hello.expect.status.1`: must be a whole number"),
        ("/body/token", "body.token", "does not begin with `/`: 'body.token'"),
        ("json: {", "jason: {", "did you mean `json`?"),
        ("[NotFound, 404]", "NotFound", "`functions.hello.allowed_errors`"),
    ],
)
def test_what_no_answer_can_be_is_told_with_its_line(project, wrong, right, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        load(Inputs(config=write(project, ANSWERS.replace(wrong, right, 1)), endpoint="local"), discover=discover)


def test_the_triggers_of_both_sides_say_who_reads_an_answer(project):
    (function,) = load(Inputs(config=write(project, MINIMAL), endpoint="local"), discover=discover).functions
    (payload,) = function.question.payloads

    def rule(*others):
        found = function.answer_rule(payload, others=[frozenset(one) for one in others])
        return found.answers_http, found.takes_batches

    assert rule() == (True, True)  # nobody knows, so its shape tells
    assert rule({Trigger.SQS}) == (True, True)
