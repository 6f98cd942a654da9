"""What lambdabot.yml says stands for AWS: every mistake of it and of the seed with file and line."""

from pathlib import Path

import pytest

from lambdabot.errors import UsageError
from lambdabot.model import StandIn
from lambdabot.project.discovery import discover
from lambdabot.settings.inputs import Inputs
from lambdabot.settings.load import load

FUNCTION = "  orders: {{source: src, handler: app.handler, {}}}\n"


@pytest.fixture
def read(tmp_path: Path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").touch()

    def of(local: str = "", *, seed: str | None = None, settings: str | None = None):
        if seed is not None:
            (tmp_path / "seed.json").write_text(seed)
        text = settings or f"functions:\n{FUNCTION.format(f'local: {local}')}"
        (tmp_path / "lambdabot.yml").write_text(f"version: 1\n{text}")
        return load(Inputs(config=tmp_path / "lambdabot.yml", endpoint="local"), discover=discover).functions

    return of


def mistakes(read, *given: str, **named: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        read(*given, **named)
    return [f"{Path(one.path or '').name}:{one.line}: {one.message}" for one in caught.value.mistakes]


def test_nothing_stands_for_aws_unless_it_is_said(read):
    (function,) = read("{}")
    assert function.question.stand_in is None


def test_an_endpoint_or_moto_stands_for_it(read):
    (function,) = read('{aws_endpoint: "http://dynamodb:8000"}')
    assert function.question.stand_in == StandIn(url="http://dynamodb:8000")
    (function,) = read("{aws: moto}")
    assert function.question.stand_in == StandIn()


def test_what_the_defaults_say_is_every_functions(read):
    text = "defaults: {local: {aws: moto}}\nfunctions:\n" + FUNCTION.format("timeout_seconds: 3")
    (function,) = read(settings=text)
    assert function.question.stand_in == StandIn()


def test_a_seeds_calls_are_the_apis_own_with_their_lines(read):
    seed = """[
  {"dynamodb": "put-item",
   "input": {"TableName": "t", "Item": {"id": {"S": "]"}}}},

  {"s3": "CreateBucket", "input": {"Bucket": "b-1"}},
  {"sqs": "list_queues"}
]
"""
    (function,) = read("{aws: moto, seed: seed.json}", seed=seed)
    calls = function.question.stand_in.seed
    assert [(one.service, one.operation, one.place.line) for one in calls] == [
        ("dynamodb", "PutItem", 2),
        ("s3", "CreateBucket", 5),
        ("sqs", "ListQueues", 6),
    ]


def test_every_mistake_of_a_seed_is_told_with_its_line(read):
    seed = """[
  {"dynamodb": "create-table", "input": {"TableNam": "t"}},
  {"dynamo": "create-table"},
  {"dynamodb": "make-table"},
  {"dynamodb": "list-tables", "s3": "list-buckets"},
  {"dynamodb": "list-tables", "input": []},
  7
]"""
    found = mistakes(read, "{aws: moto, seed: seed.json}", seed=seed)
    like = 'the seed\'s calls must look like {"dynamodb": "create-table", "input": {…}}'
    assert [one for one in found if ":2:" not in one] == [
        "seed.json:3: the seed's `dynamo` is no service as boto3 and the AWS CLI name them",
        "seed.json:4: the seed's `make-table` is no operation of dynamodb: they look like `CreateTable`",
        f"seed.json:5: {like}",
        "seed.json:6: the seed's dynamodb ListTables: `input` must be a mapping",
        f"seed.json:7: {like}",
    ]
    of_the_table = [one for one in found if ":2:" in one]
    assert any('Missing required parameter in input: "TableName"' in one for one in of_the_table)
    assert any('Unknown parameter in input: "TableNam"' in one for one in of_the_table)


@pytest.mark.parametrize(
    ("seed", "told"),
    [
        ('[\n {"s3" "list-buckets"}\n]', "seed.json:2: the seed is not a JSON list of calls: "),
        ('{"s3": "list-buckets"}', "seed.json:1: the seed is not a JSON list of calls: a list is wanted"),
        ("", "seed.json:1: the seed is not a JSON list of calls: "),
        ("[" * 100_000, "seed.json:1: the seed is nested too deeply"),
    ],
)
def test_a_seed_that_is_no_list_is_told(read, seed, told):
    (found,) = mistakes(read, "{aws: moto, seed: seed.json}", seed=seed)
    assert found.startswith(told)


def test_a_seed_that_is_not_there_or_outside_is_told_where_it_is_named(read, tmp_path):
    assert mistakes(read, "{aws: moto, seed: none.json}") == [
        "lambdabot.yml:3: seed none.json cannot be read: No such file or directory"
    ]
    (found,) = mistakes(read, "{aws: moto, seed: ../seed.json}")
    assert found.startswith("lambdabot.yml:3: seed ../seed.json does not lie in the workspace")


def test_a_mistake_of_a_seed_that_all_functions_have_is_told_once(read):
    text = "defaults: {local: {aws: moto, seed: seed.json}}\nfunctions:\n"
    text += "".join(FUNCTION.format("timeout_seconds: 3").replace("orders", name) for name in ("a", "b"))
    assert len(mistakes(read, settings=text, seed="[7]")) == 1


@pytest.mark.parametrize(
    ("local", "told"),
    [
        ("{aws: moto, aws_endpoint: 'http://a'}", "name either `aws: moto` or an `aws_endpoint`"),
        ("{seed: seed.json}", "`seed` goes with `aws: moto`"),
        ("{aws: localstack}", "must be 'moto'"),
        ("{aws_endpoint: 'ftp://a'}", "must be an address as in `http://127.0.0.1:4566`"),
        ("{aws_endpoint: 'http://me:secret@host'}", "must be an address"),
    ],
)
def test_what_cannot_be_is_told(read, local, told):
    assert any(told in one for one in mistakes(read, local))


def test_variables_that_lambda_refuses_are_told_before_anything_is_deployed(read):
    text = """functions:
  orders:
    source: src
    handler: app.handler
    environment:
      AWS_ENDPOINT_URL: http://127.0.0.1:5555
      AWS_ACCESS_KEY_ID: x
      AWS_LAMBDA_FUNCTION_NAME: y
"""
    own = "no function's settings may set it, Lambda itself does: leave it out"
    key, name = mistakes(read, settings=text)
    assert key.startswith(f"lambdabot.yml:8: `functions.orders.environment.AWS_ACCESS_KEY_ID`: {own}")
    assert "`local: {aws_endpoint: …}` or `local: {aws: moto}`" in key
    assert name == f"lambdabot.yml:9: `functions.orders.environment.AWS_LAMBDA_FUNCTION_NAME`: {own}"


def test_a_functions_key_at_the_top_is_told_where_it_belongs(read):
    (found,) = mistakes(read, settings="local: {aws: moto}\nfunctions: {orders: {source: src, handler: app.handler}}\n")
    assert found == "lambdabot.yml:2: `local` is a key of a function, or of `defaults` for all of them"
