"""requirements.txt as pip reads it, and no more of the environment than is safe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from lambdabot.arm64.formats.requirements_txt import expanded, logical_lines, parse_requirement, read_requirements
from lambdabot.errors import UsageError


def test_lines_are_joined_and_comments_removed():
    text = "a \\\n  --hash=x\n# one\nb # two\n\nc#d\n\\\n# e\ne \\\n# f\ng \\"
    assert list(logical_lines(text)) == [(1, "a   --hash=x"), (4, "b"), (6, "c#d"), (9, "e"), (11, "g")]


def test_files_hashes_options(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.txt").write_text("delta\n-r ../requirements.txt\n-c pins.txt\n")
    (tmp_path / "sub" / "pins.txt").write_text("alpha<3\nnonsense !\n")
    (tmp_path / "requirements.txt").write_text(
        "\ufeff--index-url=https://a.invalid/simple --extra-index-url https://b.invalid/simple\n"
        "-ihttps://c.invalid/simple\n--pre\n--require-hashes\n--no-index\n--trusted-host x\n"
        "alpha[x]==1 ; python_version > '3' --hash=sha256:AA --hash sha256:bb --hash=md5:cc\nbeta==1 --hash=sha512:dd\n"
        "-r sub/more.txt\n--requirement=https://x.invalid/r.txt\n--no-binary=gamma --only-binary Beta_x\n"
        "--only-binary :none:\n--no-binary :all:\n--only-binary gamma,delta\n-f ./wheels\n-e .\n"
    )
    manifest = read_requirements(tmp_path / "requirements.txt")
    by_name = {request.name: request for request in manifest.requests}
    assert list(by_name) == ["alpha", "beta", "delta"]
    assert by_name["alpha"].hashes == {"aa", "bb"}
    assert by_name["beta"].hashes == {""}  # nothing that an index lists can equal it
    assert by_name["delta"].source == "sub/more.txt:1"
    assert [str(each.requirement) for each in manifest.constraints] == ["alpha<3"]
    assert manifest.indexes.default == "https://c.invalid/simple"
    assert manifest.indexes.extra == ("https://b.invalid/simple",)
    assert manifest.indexes.none
    assert manifest.prereleases
    assert manifest.require_hashes
    assert manifest.only_binary == {"gamma", "delta"}
    assert manifest.no_binary == {":all:"}
    assert [item.name for item in manifest.unchecked] == ["https://x.invalid/r.txt", "--find-links ./wheels", "."]


def test_files_that_name_one_another_too_deeply(tmp_path):
    for number in range(25):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    with pytest.raises(UsageError, match="name one another"):
        read_requirements(tmp_path / "0.txt")


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("./here", "./here", "local path"),
        ("libs/x.whl", "libs/x.whl", "local path"),
        ("file:///x", "file:///x", "local path"),
        ("git+https://user:pw@host.invalid/x.git#egg=foo", "foo", "repository"),
        ("foo @ git+ssh://git@host.invalid/x.git", "foo", "repository"),
        ("foo @ http://host.invalid/foo-1.0-py3-none-any.whl", "foo", "plain http"),
        ("foo @ file:///x/foo-1.0-py3-none-any.whl", "foo", "local path"),
        ("foo @ https://host.invalid/archive/main.zip", "foo", "name of a wheel"),
        ("not a requirement", "not a requirement", "place: not a requirement"),
    ],
)
def test_what_no_index_can_tell_of(text, name, reason):
    found = parse_requirement(text, "place")
    assert found.name == name
    assert reason in found.reason


def test_credentials_come_from_the_environment_and_never_the_platform_s_own(monkeypatch):
    monkeypatch.setenv("INDEX_TOKEN", "t")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    monkeypatch.setenv("INPUT_GITHUB-TOKEN", "s")
    address = "https://${INDEX_TOKEN}:${AWS_SECRET_ACCESS_KEY}@h.invalid/${GITHUB_TOKEN}/${NOT_SET}/$INDEX_TOKEN"
    assert expanded(address) == "https://t:${AWS_SECRET_ACCESS_KEY}@h.invalid/${GITHUB_TOKEN}/${NOT_SET}/$INDEX_TOKEN"


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,10}[A-Za-z0-9])?", fullmatch=True).filter(
    lambda name: not name.lower().endswith((".whl", ".zip"))
)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|b|rc|\.post|\.dev)[0-9])?", fullmatch=True)
CLAUSES = st.lists(st.tuples(st.sampled_from(["==", ">=", "<=", "<", ">", "!=", "~="]), VERSIONS), max_size=3)
MARKERS = st.sampled_from(["", " ; python_version > '3.8'", "; platform_machine == 'aarch64' and extra == 'x'"])


@given(
    NAMES, st.lists(NAMES, max_size=2), CLAUSES, MARKERS, st.sampled_from(["", " # note", " --hash=sha256:00", "\\\n"])
)
def test_requirement_lines_mean_what_packaging_says(name, extras, clauses, marker, tail):
    text = name + (f"[{','.join(extras)}]" if extras else "") + ",".join(a + b for a, b in clauses) + marker
    lines = list(logical_lines(text + tail))
    found = parse_requirement(lines[0][1].split(" --hash")[0].strip(), "place")
    try:
        expected = Requirement(text)
    except InvalidRequirement:
        assert not isinstance(found, Requirement)
    else:
        assert found == expected


@given(st.text(max_size=60))
def test_any_line_is_a_requirement_or_says_why_not(text):
    for line, content in logical_lines(text):
        assert line >= 1
        found = parse_requirement(content, "place")
        assert isinstance(found, Requirement) or found.reason
