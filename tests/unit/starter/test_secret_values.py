"""A secret of a template is recognised before lambdabot.yml repeats it, and what only names a secret's place is not."""

import textwrap

import pytest
import yaml

from lambdabot.cli import main
from lambdabot.starter.secret_values import secret

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: .
          Handler: app.handler
          Runtime: python3.12
          Environment:
            Variables:
              TABLE: orders
              DATABASE_URL: postgres://shop:hunter22@db.example/shop
              API_KEY: 0123456789
              LINKED: '{{resolve:secretsmanager:shop:SecretString:key}}'
"""


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("LINK", "{{resolve:secretsmanager:shop:SecretString:password}}", "a reference to a secret"),
        ("LINK", "{{resolve:ssm-secure:/shop/key:1}}", "a reference to a secret"),
        ("DATABASE_URL", "postgres://shop:hunter2@db.example/shop", "an address with a password"),
        ("REDIS", "rediss://:hunter2@cache.example:6379", "an address with a password"),
        ("CONNECTION", "Server=db;User Id=shop;Password=hunter2;", "a password"),
        ("ALERTS", "https://hooks.slack.com/services/T0/B0/x", "an address with a key"),
        ("CALLBACK", "https://example.com/hook?a=b&api_key=x", "an address with a key"),
        ("PEM", "-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("OPTION", "ghp_0123456789abcdefghij", "a key"),
        ("OPTION", "AKIAIOSFODNN7EXAMPLE", "a key"),
        ("OPTION", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "a key"),
        *((name, "s3cret", "a secret, by its name") for name in ("PASSWORD", "DB_PASSWORD", "dbPassword", "DB_PWD")),
        *((name, "s3cret", "a secret, by its name") for name in ("CLIENT_SECRET", "GITHUB_TOKEN", "apiKey", "API_KEY")),
        *((name, "s3cret", "a secret, by its name") for name in ("PRIVATE_KEY", "STRIPE_API_KEY", "JWT_SIGNING_KEY")),
    ],
)
def test_a_secret_is_known_by_its_form_or_by_its_name(name, value, kind):
    assert secret(name, value) == kind


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TABLE", "orders"),
        ("DB_PASSWORD", ""),
        ("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"),
        ("CLIENT_SECRET", "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop"),
        ("API_TOKEN", "/shop/production/token"),
        ("TOKEN", "https://login.example/token"),
        ("TOKEN_TTL_SECONDS", "300"),
        ("PARTITION_KEY", "id"),
        ("MONKEY", "see"),
        ("COMPASS", "north"),
        ("DATABASE_URL", "postgres://db.example:5432/shop"),
        ("HOOK", "https://example.com/?monkey=1"),
    ],
)
def test_what_is_no_secret_is_copied(name, value):
    assert secret(name, value) == ""


def test_init_writes_no_secret_says_so_and_does_not_call_that_drift(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / "template.yaml").write_text(textwrap.dedent(TEMPLATE).lstrip())

    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["init", "--check"]) == 0

    text = (tmp_path / "lambdabot.yml").read_text()
    assert yaml.safe_load(text)["functions"]["Orders"]["environment"] == {"TABLE": "orders"}
    assert "hunter22" not in text
    assert "0123456789" not in text
    assert "# DATABASE_URL: template.yaml:12 has an address with a password, which is left out" in text
    assert "# API_KEY: template.yaml:13 has a secret, by its name, which is left out" in text
    assert "# LINKED: template.yaml:14: `{{resolve:secretsmanager:…}}` is known only when deployed" in text


MARKED = {
    "template.yaml": """
        Transform: AWS::Serverless-2016-10-31
        Parameters:
          Pin: {Type: String, NoEcho: true, Default: hunter22}
          Mode: {Type: String, NoEcho: false, Default: slow}
        Resources:
          Orders:
            Type: AWS::Serverless::Function
            Properties:
              CodeUri: .
              Handler: app.handler
              Runtime: python3.12
              Environment: {Variables: {CODE: !Ref Pin, TEXT: !Sub "is ${Pin}", MODE: !Ref Mode}}
        """,
    "main.tf": """
        variable "pin" {
          default   = "hunter22"
          sensitive = true
        }
        variable "mode" {
          default   = "slow"
          sensitive = false
        }
        resource "aws_lambda_function" "bill" {
          function_name = "bill"
          filename      = "."
          handler       = "app.handler"
          runtime       = "python3.12"
          role          = "arn:aws:iam::123456789012:role/bill"
          environment {
            variables = { CODE = var.pin, TEXT = "is ${var.pin}", MODE = var.mode }
          }
        }
        """,
}


@pytest.mark.parametrize("name", MARKED)
def test_what_a_template_itself_marks_as_a_secret_is_none_of_init_s_business(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return 1\n")
    (tmp_path / name).write_text(textwrap.dedent(MARKED[name]).lstrip())

    assert main(["init"]) == 0

    text = (tmp_path / "lambdabot.yml").read_text()
    (function,) = yaml.safe_load(text)["functions"].values()
    assert function["environment"] == {"MODE": "slow"}
    assert "hunter22" not in text
    assert text.count(" is a secret, as its ") == 2
