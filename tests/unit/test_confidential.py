"""No secret leaves, whatever a text has made of it, and nothing else is taken for one."""

import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdabot.confidential import MARK, Secrets, keeping, told, withheld, withheld_in
from lambdabot.report.escape import code, escape, fence, prose
from lambdabot.workflow_command import command

TOKEN = "ghs_Qm9ndXNUb2tlbk9mVGhlSm9iMDEyMzQ1"
KEY = "k7Gm/hostile+secret/access+key/0123456789"
ODD = "a<b>c&d\"e'f|g*h_i[j]k`l~m#9"
SECRETS = Secrets({"GITHUB_TOKEN": TOKEN, "AWS_SECRET_ACCESS_KEY": KEY, "ACTIONS_ODD": ODD})


def shown(text: str) -> str:
    return SECRETS.withheld(text)


@pytest.mark.parametrize("secret", [TOKEN, KEY, ODD])
@pytest.mark.parametrize(
    "coat",
    [
        str,
        lambda one: str(escape(one)),
        lambda one: str(code(f"@{one}")),
        lambda one: str(prose(f"`{one}`")),
        lambda one: str(fence(one)),
        html.escape,
        json.dumps,
        lambda one: json.dumps(one).replace("<", "\\u003c"),
        lambda one: quote(one, safe=""),
        lambda one: command("error", one, title=one),
        str.lower,
        lambda one: one.encode().hex(),
        lambda one: f"{one[:9]}\n    {one[9:]}",
        lambda one: base64.b64encode(one.encode()).decode(),
        lambda one: base64.b64encode(f"u:{one}!".encode()).decode(),
        lambda one: base64.urlsafe_b64encode(f"{one} and more".encode()).decode(),
        lambda one: "\n".join(base64.encodebytes(f"x{one}".encode()).decode().split()),
    ],
)
def test_a_secret_is_found_in_every_coat(secret, coat):
    coated = coat(secret)
    text = shown(f"before {coated} after")

    assert MARK in text
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert secret not in text
    pieces = [coated[start : start + 12] for start in range(0, len(coated) - 12, 4)]
    assert sum(one in text for one in pieces) <= 4  # of base64 an end may stay, which holds its neighbours' bits


@pytest.mark.parametrize(
    "cut", [lambda one: one[:16], lambda one: one[:-1], lambda one: one[-16:], lambda one: one[1:]]
)
def test_a_secret_that_was_cut_is_found(cut):
    assert shown(f"({cut(KEY)}…)") == f"({MARK}…)"


def test_what_actions_checkout_leaves_is_found_whatever_its_token():
    header = base64.b64encode(b"x-access-token:ghs_ofSomebodyElse").decode()

    assert shown(f"AUTHORIZATION: basic {header}\n") == f"AUTHORIZATION: basic {MARK}\n"
    assert shown(header[:20]) == header[:20]


def test_every_place_of_a_text_is_found():
    assert shown(f"{TOKEN}{KEY} {TOKEN}") == f"{MARK}{MARK} {MARK}"


def test_the_header_of_a_web_token_is_everybodys():
    header = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
    secrets = Secrets({"ACTIONS_RUNTIME_TOKEN": f"{header}.cGF5bG9hZC1vZi1vdXJz.c2lnbmF0dXJlLW9mLW91cnM"})

    assert secrets.withheld(f"{header}.eyJ0aGVpcnMiOjF9.dGhlaXJz") == f"{header}.eyJ0aGVpcnMiOjF9.dGhlaXJz"
    assert secrets.withheld("cGF5bG9hZC1vZi1vdXJz.c2lnbmF0dXJlLW9mLW91cnM") == MARK


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("INPUT_GITHUB-TOKEN", "ghs_0123456789", True),
        ("GH_TOKEN", "ghs_0123456789", True),
        ("GITHUB_TOKEN", "token", False),  # too short to be one, and a word
        ("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2Vj", True),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "0123456789", True),
        ("AWS_NEW_AND_UNKNOWN", "0123456789", True),
        ("ACTIONS_RUNTIME_TOKEN", "0123456789", True),
        ("AWS_ENDPOINT_URL", "https://user:password@host/", True),
        ("AWS_REGION", "eu-central-1", False),
        ("AWS_DEFAULT_REGION", "eu-central-1", False),
        ("AWS_PROFILE", "production", False),
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/lambdabot", False),
        ("AWS_ROLE_TO_ASSUME", "arn:aws:iam::123456789012:role/lambdabot", False),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token", False),
        ("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:9001", False),
        ("AWS_ACCOUNT_ID", "123456789012", False),
        ("AWS_RETRY_MODE", "standard", False),
        ("AWS_STAGE", "pre-production", False),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_python3.13", False),
        ("ACTIONS_RUNTIME_URL", "https://pipelines.actions.githubusercontent.com/x/", False),
        ("ACTIONS_CACHE_SERVICE_V2", "truetrue", False),
        ("PATH", "/usr/local/bin:/usr/bin", False),
    ],
)
def test_which_variables_are_secret(name, value, secret):
    assert (Secrets.of({name: value}).withheld(f"it is {value}.") != f"it is {value}.") is secret


@given(st.text() | st.text(alphabet="&#;%0123456789abcdefghslt\\u \u200bİ_.-"))
def test_a_text_without_secrets_stays_as_it_is(text):
    assert shown(text) == text


@given(st.text(alphabet="&#;%09ab\\u \u200bİ_\n"), st.text(alphabet="&#;%09ab\\u \u200bİ_\n"))
def test_a_secret_is_found_whatever_stands_around_it(before, after):
    text = shown(f"{before} {TOKEN} {after}")

    assert TOKEN not in text
    assert TOKEN[:16] not in text


def test_what_nearly_is_a_secret_is_none():
    near = f"{TOKEN[:15]} " * 50_000

    assert shown(near) == near
    assert shown(f"{near}{TOKEN}") == f"{near}{MARK}"


def test_what_was_found_is_told_by_its_variable():
    assert withheld(TOKEN) == TOKEN  # outside of a job nothing is known
    with keeping({"GITHUB_TOKEN": TOKEN, "AWS_SECRET_ACCESS_KEY": KEY}):
        assert told() == ""
        assert withheld_in({TOKEN: [f"a {KEY}", 1, None, ("b",)]}) == {MARK: [f"a {MARK}", 1, None, ["b"]]}
        assert "AWS_SECRET_ACCESS_KEY, GITHUB_TOKEN" in told()
        assert KEY not in told()
    assert told() == ""
