from pathlib import Path

import pytest

from lambdabot.model import Undecided
from lambdabot.project.templates.source_text import SourceText
from lambdabot.project.templates.terraform.hcl import HclFile
from lambdabot.project.templates.terraform.hcl_values import plain
from lambdabot.project.templates.terraform.module import Instance, Module
from lambdabot.workspace import Workspace

FILE = """
variable "env" { default = "dev" }
variable "open" {}
locals {
  sizes = { dev = 256, prod = 2048 }
  names = ["a", "b", "c"]
  text  = "x"
  long  = "LONG"
  many  = [MANY]
  holes = { known = 1, open = var.open }
}
resource "thing" "one" {
  name = "written"
}
resource "here" "x" {
  value = %s
}
"""


def value(expression):
    path = Path("/repo/modules/here/main.tf")
    text = FILE.replace("LONG", "x" * 9_000).replace("MANY", "1," * 900)
    file = HclFile(SourceText(path, text % expression), Workspace(path.parent))
    module = Module(path.parent, [file], root=Path("/repo"))
    block = next(one for one in module.blocks if one.labels == ("here", "x"))
    found = Instance(module, block).get("value")
    return None if found is None else found if isinstance(found, Undecided) else plain(found)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1.5", 1.5),
        ("-3", -3),
        ("true", True),
        ("null", None),
        (r'"a\n\"b\" $${c}"', 'a\n"b" ${c}'),
        ('"${var.env}-${1 + 2}-${true}"', "dev-3-true"),
        ("(1 + 2) * 3", 9),
        ("7 % 4", 3),
        ("8 / 2", 4),
        ("1 < 2 && 2 >= 3 || 5 > 4", True),
        ("!(1 <= 2)", False),
        ("false && var.open", False),
        ("true || var.open", True),
        ('1 == "1"', False),
        ("1 == 1.0", True),
        ('var.env != "prod"', True),
        ('var.env == "dev" ? 1 : var.open', 1),
        ("local.sizes[var.env]", 256),
        ("local.sizes.prod", 2048),
        ('local.sizes["prod"]', 2048),
        ("local.names[1]", "b"),
        ("[1, [2]][1][0]", 2),
        ('{ "a b" = 1, c : 2 }["a b"]', 1),
        ('{ (var.env) = 1 }["dev"]', 1),
        ("local.holes.known", 1),
        ("thing.one.name", "written"),
        ("path.module", "/repo/modules/here"),
        ("path.root", "/repo"),
        ("terraform.workspace", "default"),
        ("count.index", 0),
        ('[for one in local.names : upper(one) if one != "b"]', ["A", "C"]),
        ("{ for key, size in local.sizes : upper(key) => size }", {"DEV": 256, "PROD": 2048}),
        ("[for index, one in local.names : index]", [0, 1, 2]),
        ('lookup(local.sizes, "dev")', 256),
        ('lookup(local.sizes, "none", 7)', 7),
        ("merge(local.sizes, { dev = 1 })", {"dev": 1, "prod": 2048}),
        ('try(var.open, local.sizes["none"], 5)', 5),
        ('tonumber("5")', "5"),
        ('coalesce("", null, "c")', "c"),
        ('coalesce("a", var.open)', "a"),
        ("coalescelist([], null, local.names)", ["a", "b", "c"]),
        ("one([])", None),
        ("one([local.sizes])", {"dev": 256, "prod": 2048}),
        ("concat()", []),
        ("merge(null, local.sizes, null)", {"dev": 256, "prod": 2048}),
        ('join("-", [true, 8 / 2, 1.5])', "true-4-1.5"),
        ('format("%s-%03d-%v", false, 14 / 2, 8 / 2)', "false-007-4"),
        ('"${8 / 2}-${!true}"', "4-false"),
        ("length([])", 0),
        ('join("-", [])', ""),
        ("try(element([], 0), 5)", 5),
        ("try(1 / 0, one(local.names), 5)", 5),
        ('concat(["a"], local.names)', ["a", "a", "b", "c"]),
        ('compact(["", "a"])', ["a"]),
        ("distinct([1, 1, 2])", [1, 2]),
        ("element(local.names, 4)", "b"),
        ('format("%s-%03d-%v", "a", 7, "b")', "a-007-b"),
        ('join("-", local.names)', "a-b-c"),
        ("keys(local.sizes)", ["dev", "prod"]),
        ("values(local.sizes)", [256, 2048]),
        ("length(local.names)", 3),
        ("max(1, 5, 3)", 5),
        ('replace("a.b", ".", "-")', "a-b"),
        ('split(",", "a,b")[1]', "b"),
        ('substr("abcdef", 2, -1)', "cdef"),
        ('substr("abcdef", 1, 2)', "bc"),
        ('title(trimsuffix(trimprefix("pre-mid-post", "pre-"), "-post"))', "Mid"),
        ('basename("/a/b.zip")', "b.zip"),
    ],
)
def test_an_expression_has_the_value_that_terraform_gives_it(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("var.open", "the variable `open` has no default"),
        ("var.nowhere", "there is no variable `nowhere`"),
        ("local.nowhere", "there is no local value `nowhere`"),
        ("thing.one.id", "`thing.one.id` is known only when it is applied"),
        ("each.value", "`each.value` is known only when it is applied"),
        ("local.sizes.test", "there is no `test` in `local.sizes`"),
        ("local.names[9]", "there is no `9`"),
        ("local.names[*]", "`[*]` is not evaluated"),
        ("local.holes.open", "the variable `open` has no default"),
        ("local.names[var.open]", "the variable `open` has no default"),
        ("var.open ? 1 : 2", "the variable `open` has no default"),
        ('"${var.open}-x"', "the variable `open` has no default"),
        ("[for one in var.open : one]", "the variable `open` has no default"),
        ("[for one in local.text : one]", "has no value"),
        ("merge(var.open)", "the variable `open` has no default"),
        ("merge(local.names)", "`merge()` of what is no map"),
        ("lookup(var.open, 1)", "the variable `open` has no default"),
        ('lookup(local.sizes, "none")', "there is no `none`"),
        ("upper(3)", "`upper(3)` is not evaluated"),
        ('replace("a", "/x/", "y")', "is not evaluated"),
        ('coalesce("", null)', "is not evaluated"),
        ('coalesce(null, var.open, "c")', "the variable `open` has no default"),
        ('"a${null}b"', "has no value"),
        ('"a${local.names}b"', "has no value"),
        ('{ (null) = 1 }["a"]', "has no value"),
        ("{ for one in local.names : null => one }", "has no value"),
        ('join("-", ["a", null])', "is not evaluated"),
        ('join("-", [["a"]])', "is not evaluated"),
        ('format("%s", null)', "is not evaluated"),
        ("coalesce()", "is not evaluated"),
        ("coalescelist([], [])", "is not evaluated"),
        ("one(local.names)", "is not evaluated"),
        ("one(local.text)", "is not evaluated"),
        ("one(var.open)", "the variable `open` has no default"),
        ("element([], 0)", "is not evaluated"),
        ('element(local.names, "a")', "is not evaluated"),
        ("element(null, 0)", "is not evaluated"),
        ("element(local.sizes, 1)", "is not evaluated"),
        ("max()", "is not evaluated"),
        ("min()", "is not evaluated"),
        ("try()", "has no value"),
        ("length(null)", "is not evaluated"),
        ('split("", "a")', "is not evaluated"),
        ("local.names[" + "9" * 400 + "]", "has no value"),
        ("1 % 0", "is not evaluated"),
        ("9" * 300 + " * 1" + "0" * 290, "is not evaluated"),
        ("9" * 290 + ".5 * 1" + "0" * 290, "is not evaluated"),
        ("9" * 5000 + " % 2", "has no value"),
        ("uuid()", "`uuid()` is not evaluated"),
        ("1 / 0", "is not evaluated"),
        ('1 + "a"', "is not evaluated"),
        ("<<EOT\nhello\nEOT\n", "a heredoc or a template with directives"),
        ('"%{ if true }a%{ endif }"', "a heredoc or a template with directives"),
        ("(" * 100 + "1" + ")" * 100, "is nested too deeply"),
        ("[for one in local.names : upper(one) if var.open]", "the variable `open` has no default"),
        ('-"x"', '`-"x"` is not evaluated'),
        ('"x" * 1000000000', "is not evaluated"),
        ('format("%1000000000d", 1)', "is not evaluated"),
        ('"${local.long}${local.long}"', "is longer than 10000 characters"),
        ('join(local.long, ["", "", ""])', "what `join()` makes is too large"),
        ("concat(local.many, local.many)", "what `concat()` makes is too large"),
    ],
)
def test_what_the_files_do_not_decide_has_its_reason(expression, reason):
    found = value(expression)

    assert isinstance(found, Undecided)
    assert reason in found.reason
    assert found.place.line > 1
