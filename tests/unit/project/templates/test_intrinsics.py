import textwrap
from pathlib import Path

import pytest

from lambdabot.model import Undecided
from lambdabot.project.templates.cloudformation.intrinsics import NO_VALUE, Intrinsics
from lambdabot.project.templates.source_text import SourceText
from lambdabot.project.templates.yaml_nodes import documents

TEMPLATE = """
Parameters:
  Env: {Type: String, Default: dev}
  Open: {Type: String}
  Secret: {Type: "AWS::SSM::Parameter::Value<String>", Default: /a/b}
  Sizes: {Type: CommaDelimitedList, Default: "1, 2"}
Mappings:
  Map: {dev: {size: 256}}
Conditions:
  Dev: !Equals [!Ref Env, dev]
  Prod: !Not [!Condition Dev]
  Both: !And [!Condition Dev, !Condition Prod]
  One: !Or [!Condition Prod, !Condition Dev]
  AndOpen: !And [!Condition Dev, !Equals [!Ref Open, x]]
  OrOpen: !Or [!Condition Prod, !Equals [x, !Ref Open]]
  FalseAnyway: !And [!Equals [!Ref Open, x], !Condition Prod]
  TrueAnyway: !Or [!Equals [!Ref Open, x], !Condition Dev]
  Circle: !Not [!Condition Circle]
  Odd: [a]
  Called: !Join ["", [a]]
  Long: {Fn::Equals: [true, "true"]}
  NotOpen: !Not [!Equals [!Ref Open, x]]
Resources:
  Table: {Type: AWS::DynamoDB::Table}
Value: %s
"""


def evaluate(text):
    source = SourceText(Path("t.yaml"), TEMPLATE % textwrap.indent(text, " "))
    (document,) = documents(source)
    return Intrinsics(document, {}).evaluate(document.get(document.root, "Value"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0x10", 16),
        ("1_000", 1000),
        ("190:20", "190:20"),
        ("yes", True),
        ("~", None),
        ("1.10", "1.10"),
        ("!Ref Env", "dev"),
        ("{Ref: Env}", "dev"),
        ("!Ref Sizes", ["1", "2"]),
        ("!Ref AWS::NoValue", NO_VALUE),
        ("!Sub 'a-${Env}-${!Literal}'", "a-dev-${Literal}"),
        ("!Sub ['${X}-${Env}', {X: !Ref Env}]", "dev-dev"),
        ("{'Fn::Sub': '${Env}'}", "dev"),
        ("!Join ['-', [a, !Ref Env]]", "a-dev"),
        ("!Join ['-', !Split [',', 'a,b']]", "a-b"),
        ("!Select [1, !Split [',', 'a,b']]", "b"),
        ("!Select ['0', !Ref Sizes]", "1"),
        ("!FindInMap [Map, !Ref Env, size]", 256),
        ("!FindInMap [Map, prod, size, {DefaultValue: 9}]", 9),
        ("!If [Dev, a, b]", "a"),
        ("!If [Prod, a, b]", "b"),
        ("!If [Both, a, b]", "b"),
        ("!If [One, a, b]", "a"),
        ("!If [FalseAnyway, a, b]", "b"),
        ("!If [TrueAnyway, a, b]", "a"),
        ("!If [Long, a, b]", "a"),
        ("!If [AndOpen, same, same]", "same"),
        ("{a: !Ref Env, b: [!Ref AWS::NoValue, 1], c: !Ref AWS::NoValue}", {"a": "dev", "b": [1]}),
    ],
)
def test_an_intrinsic_function_has_the_value_that_cloudformation_gives_it(text, expected):
    found = evaluate(text)

    assert not isinstance(found, Undecided), found
    assert found.value == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("!Ref Open", "the parameter `Open` has no default"),
        ("!Ref Secret", "is read from Systems Manager"),
        ("!Ref Table", "`Table` is a resource"),
        ("!Ref AWS::Region", "`AWS::Region` is a pseudo parameter"),
        ("!Ref Nowhere", "neither a parameter nor a resource"),
        ("!GetAtt Table.Arn", "`Fn::GetAtt` is known only when deployed"),
        ("!Sub '${Table.Arn}'", "`Table.Arn` is an attribute of a resource"),
        ("!Sub '${Open}'", "has no default"),
        ("!Sub [[a], {}]", "`Fn::Sub` has no text"),
        ("!Join ['-', [!Ref Open]]", "has no default"),
        ("!Join ['-', !Ref Env]", "`Join` has no list"),
        ("!Split [',', !Ref Open]", "has no default"),
        ("!Split ['', abc]", "`Split` has nothing to split by"),
        (f"!Join ['', [{'x' * 6_000}, {'y' * 6_000}]]", "is longer than 10000 characters"),
        (f"!Sub ['{'${A}' * 4}', {{A: {'x' * 3_000}}}]", "is longer than 10000 characters"),
        ("!Select [9, !Ref Sizes]", "`Fn::Select` has no such item"),
        ("!Select [!Ref Open, !Ref Sizes]", "has no default"),
        ("!FindInMap [Map, prod, size]", "the mapping `Map` has no `prod` with `size`"),
        ("!FindInMap [Map, !Ref Open, size]", "the key of `Fn::FindInMap` is not decided"),
        ("!If [AndOpen, a, b]", "the condition `AndOpen` is not decided"),
        ("!If [OrOpen, a, b]", "the condition `OrOpen` is not decided"),
        ("!If [NotOpen, a, b]", "the condition `NotOpen` is not decided"),
        ("!If [Circle, a, b]", "needs itself"),
        ("!If [Odd, a, b]", "is no condition"),
        ("!If [Called, a, b]", "`Fn::Join` is no condition"),
        ("!If [Nowhere, a, b]", "no condition `Nowhere`"),
        ("{a: !Ref Open}", "has no default"),
        ("[!Ref Open]", "has no default"),
        ("!Join [x, [" * 40 + "a" + "]]" * 40, "is nested too deeply"),
    ],
)
def test_what_the_files_do_not_decide_has_its_reason(text, reason):
    found = evaluate(text)

    assert isinstance(found, Undecided)
    assert reason in found.reason
