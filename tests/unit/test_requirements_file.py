"""The one reader of requirement files: of the workspace alone, nothing expanded, nothing repeated, in linear time."""

import pytest

from lambdabot import requirements_file
from lambdabot.errors import UsageError
from lambdabot.requirements_file import logical_lines, read, read_text
from lambdabot.workspace import FileRefusedError, Workspace


@pytest.fixture
def work(tmp_path):
    """A workspace with a file of the runner beside it."""
    (tmp_path / "work/.git").mkdir(parents=True)
    (tmp_path / "work/.git/config").write_text("s3cret-of-the-job\n")
    (tmp_path / "runner.txt").write_text("s3cret-of-the-job\n")
    return tmp_path / "work"


def found(folder, text):
    path = folder / "requirements.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, Workspace(folder), root=folder)


def refused(folder, text):
    with pytest.raises(UsageError) as raised:
        found(folder, text)
    return [str(mistake) for mistake in raised.value.mistakes]


def test_entries_have_their_place_text_and_hashes(work):
    lines = found(
        work,
        "# one\nalpha[x]==1 ; python_version > '3' --hash=sha256:AA \\\n   --hash sha512:bb  # two\n"
        "beta --config-settings=x\ngamma --hash=none\n",
    )
    assert [(str(one.place), one.text, one.hashes, one.odd) for one in lines.entries] == [
        ("requirements.txt:2", "alpha[x]==1 ; python_version > '3'", ("sha256:AA", "sha512:bb"), False),
        ("requirements.txt:4", "beta", (), True),
        ("requirements.txt:5", "gamma", (), True),
    ]


def test_options_have_their_long_name_and_the_folder_of_their_file(work):
    (work / "sub").mkdir()
    (work / "sub/more.txt").write_text("-f 'my wheels' --pre\n-chttps://x.invalid/c.txt\n")
    lines = found(work, "-i https://a.invalid --extra-index-url=https://b.invalid\n-rsub/more.txt\n--no-index -e .\n")
    assert [(one.name, one.value, str(one.place), one.folder) for one in lines.options] == [
        ("--index-url", "https://a.invalid", "requirements.txt:1", work),
        ("--extra-index-url", "https://b.invalid", "requirements.txt:1", work),
        ("--find-links", "my wheels", "sub/more.txt:1", work / "sub"),
        ("--pre", "", "sub/more.txt:1", work / "sub"),
        ("--constraint", "https://x.invalid/c.txt", "sub/more.txt:2", work / "sub"),
        ("--no-index", "", "requirements.txt:3", work),
        ("--editable", ".", "requirements.txt:3", work),
    ]


def test_circles_end_and_a_file_is_read_once_as_each_kind(work):
    (work / "a.txt").write_text("six\n-r requirements.txt\n-c a.txt\n-r ./a.txt\n")
    lines = found(work, "-r a.txt\n-c a.txt\nidna\n")
    assert [(one.text, one.constraint) for one in lines.entries] == [
        ("six", False),
        ("six", True),
        ("idna", True),
        ("idna", False),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_utf_8_or_utf_16_by_its_mark(work, encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert [one.text for one in found(work, mark + "six\r\nidna\r\n".encode(encoding)).entries] == ["six", "idna"]


def test_what_is_no_text_is_told_with_its_line(work):
    assert refused(work, b"six\n\xff\n") == ["requirements.txt: is not UTF-8 text, as its line 2 shows"]
    (work / "x.txt").write_bytes(b"\xff\xfex")
    with pytest.raises(FileRefusedError, match="is not UTF-16 text"):
        read_text(work / "x.txt", Workspace(work))


OUTSIDE = "the file that it names does not lie in the workspace"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-r ../runner.txt", OUTSIDE),
        ("-c ../runner.txt", OUTSIDE),
        ("-r link.txt", OUTSIDE),
        ("-r .git/config.txt", OUTSIDE),
        ("-r .git/config", "is no requirements file, by its name"),
        ("-r /proc/self/environ", "is no requirements file, by its name"),
        ("-r missing.txt", "the file that it names cannot be read: No such file or directory"),
        ("-r .txt", "is no requirements file, by its name"),
        (f"-r {'x' * 300}.txt", "the file that it names"),
        ("-r folder.txt", "the file that it names is a folder"),
        ("--requirement", "--requirement has no value"),
        ("--frozen yes", "pip knows no such option"),
        ("-x yes", "pip knows no such option"),
        ("--pre=yes", "pip knows no such option"),
        ("--index-url 'https://one.invalid", "quotes do not match"),
        ("--index-url https://${TOKEN}@x.invalid", "environment variables are not expanded"),
        ("--index-url 'https://$'{TOKEN}", "environment variables are not expanded"),
        ("six ; sys_platform == '${TOKEN}'", "environment variables are not expanded"),
        ("six" + " " * 5000 + "x", "a requirement has 4096 characters at most"),
        ("--index-url https://" + "x" * 5000, "a line of options has 4096 characters at most"),
    ],
)
def test_mistakes_have_their_place(work, text, words):
    (work / "link.txt").symlink_to("../runner.txt")
    (work / "folder.txt").mkdir()
    (mistake,) = refused(work, f"six\n{text}\n")
    assert mistake.startswith("requirements.txt:2: ")
    assert words in mistake
    assert "s3cret" not in mistake


def test_every_mistake_is_told_up_to_a_bound(work):
    (work / "more.txt").write_text("--frozen\n")
    assert refused(work, "--nope\n-r more.txt\n-r none.txt\n") == [
        "requirements.txt:1: pip knows no such option in a requirements file",
        "more.txt:1: pip knows no such option in a requirements file",
        "requirements.txt:3: the file that it names cannot be read: No such file or directory",
    ]
    assert len(refused(work, "--nope\n" * 100)) == 20


def test_a_chain_of_files_has_an_end(work):
    for number in range(30):
        (work / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    (work / "30.txt").write_text("six\n")
    assert "more than 20 files name one another" in refused(work, "-r 0.txt\n")[0]
    assert [one.text for one in found(work, "-r 15.txt\n").entries] == ["six"]


def test_all_files_together_are_bounded(work, monkeypatch):
    monkeypatch.setattr(requirements_file, "_MOST_FILES", 3)
    for number in range(4):
        (work / f"{number}.txt").write_text("six\n")
    assert "more than 3 are named" in refused(work, "".join(f"-r {number}.txt\n" for number in range(4)))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\\\n==1\nb", [(1, "a==1"), (3, "b")]),
        ("a \\\n# no\nb", [(1, "a"), (3, "b")]),
        ("# a \\\nb", [(2, "b")]),
        ("a#b # c", [(1, "a#b")]),
        ("a\\", [(1, "a")]),
        ("\\", []),
        ("\n  \n# only\n", []),
        (
            "a \\\n  --hash=x\n# one\nb # two\n\nc#d\n\\\n# e\ne \\\n# f\ng \\",
            [(1, "a   --hash=x"), (4, "b"), (6, "c#d"), (9, "e"), (11, "g")],
        ),
    ],
)
def test_logical_lines(text, expected):
    assert list(logical_lines(text)) == expected
