from pathlib import Path

import pytest

from lambdabot.errors import UsageError
from lambdabot.model import Edit
from lambdabot.project.working_tree import write


def edit(path="template.yaml", line=2, before="b", after="B"):
    return Edit(path=Path(path), line=line, before=before, after=after)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "template.yaml").write_bytes(b"a\nb\nc\n")
    return tmp_path


def test_a_line_is_replaced_and_the_rest_stays(root):
    assert write([edit()], root) == (root / "template.yaml",)

    assert (root / "template.yaml").read_bytes() == b"a\nB\nc\n"


def test_lines_are_added_from_below_so_that_numbers_hold(root):
    write([edit(line=1, before="a", after="a\nadded"), edit(line=3, before="c", after="C")], root)

    assert (root / "template.yaml").read_bytes() == b"a\nadded\nB\nC\n".replace(b"B", b"b")


def test_edits_of_one_line_are_joined(root):
    line = "{orders: {memorySize: 512}, mails: {memorySize: 512}, bills: {timeout: 3}}"
    (root / "template.yaml").write_text(f"a\n{line}\n")
    edits = [
        edit(before=line, after=line.replace("orders: {memorySize: 512", "orders: {memorySize: 1792")),
        edit(before=line, after=line.replace("mails: {memorySize: 512", "mails: {memorySize: 128")),
        edit(before=line, after=line.replace("{timeout", "{memorySize: 256, timeout")),
    ]

    write([*edits, edits[0]], root)

    joined = "{orders: {memorySize: 1792}, mails: {memorySize: 128}, bills: {memorySize: 256, timeout: 3}}"
    assert (root / "template.yaml").read_text() == f"a\n{joined}\n"
    assert write(edits, root) == ()


def test_edits_that_change_the_same_value_are_refused(root):
    with pytest.raises(UsageError, match="the line should read `b`, but it reads `B`"):
        write([edit(), edit(after="x")], root)


def test_line_ends_and_the_byte_order_mark_stay(root):
    (root / "template.yaml").write_bytes(b"\xef\xbb\xbfa\r\nb\r\nc")

    write([edit(line=1, before="a", after="a\r\nadded"), edit(line=3, before="c", after="C")], root)

    assert (root / "template.yaml").read_bytes() == b"\xef\xbb\xbfa\r\nadded\r\nb\r\nC"


def test_what_is_there_already_is_left_alone(root):
    (root / "template.yaml").write_bytes(b"a\r\nB\r\nmore\r\n")

    assert write([edit(), edit(line=2, before="b", after="B\r\nmore")], root) == ()


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (edit(before="x"), "the line should read `x`, but it reads `b`"),
        (edit(line=9), "the file has no such line"),
        (edit(path="missing.yaml"), "there is no such file"),
        (edit(path="../template.yaml"), "lies outside of the repository"),
        (edit(path="/etc/hosts.yaml"), "lies outside of the repository"),
        (edit(path="link.yaml"), "lies outside of the repository"),
        (edit(path="inner.yaml"), "leads through a link"),
        (edit(path="folder/template.yaml"), "leads through a link"),
        (edit(path="run.sh"), "is no template"),
        (edit(path=".github/workflows/ci.yml"), "is no template"),
        (edit(path="latin.yaml", line=1, before="x"), "is not UTF-8 text"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_nothing_is_written(root, wrong, reason):
    outside = root.parent / f"{root.name}-outside.yaml"
    outside.write_text("a\nb\n")
    (root / "link.yaml").symlink_to(outside)
    (root / "inner.yaml").symlink_to("template.yaml")
    (root / "folder").symlink_to(".")
    (root / "run.sh").write_text("a\nb\n")
    (root / "latin.yaml").write_bytes(b"\xe9\n")
    (root / ".github" / "workflows").mkdir(parents=True)
    (root / ".github" / "workflows" / "ci.yml").write_text("a\nb\n")

    with pytest.raises(UsageError) as refused:
        write([edit(line=1, before="a", after="A"), wrong], root)

    assert reason in str(refused.value)
    assert "Nothing was written" in refused.value.advice
    assert (root / "template.yaml").read_bytes() == b"a\nb\nc\n"
    assert outside.read_text() == "a\nb\n"


def test_a_file_is_replaced_and_keeps_its_mode(root):
    other = root.parent / f"{root.name}-hard.yaml"
    other.hardlink_to(root / "template.yaml")
    (root / "template.yaml").chmod(0o664)

    write([edit()], root)

    assert other.read_bytes() == b"a\nb\nc\n"
    assert (root / "template.yaml").read_bytes() == b"a\nB\nc\n"
    assert (root / "template.yaml").stat().st_mode & 0o777 == 0o664
