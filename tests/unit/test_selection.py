"""What of a folder is a package: the last pattern that fits decides, in time that nobody's pattern can blow up."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from lambdabot import globs
from lambdabot.model import Place, Selection
from lambdabot.model.selection import MOST_STEPS

PLACE = Place(path=Path("serverless.yml"), line=1)


def select(*patterns):
    return Selection.of((one, PLACE) for one in patterns)


@pytest.mark.parametrize(
    ("patterns", "taken", "left"),
    [
        ((), "a.js src/b.js .x", ".env .git/x src/.env old.pyc"),
        (("!**", "src/**"), "src/a.js src/b/c.js", "a.js other/a.js"),
        (("!src/**", "src/a.js"), "src/a.js b.js", "src/b.js"),
        (("src/a.js", "!src/**"), "b.js", "src/a.js"),
        (("!*.md",), "docs/a.md", "a.md"),
        (("!**/*.md",), "a.js", "a.md docs/a.md"),
        (("!tests",), "tests/a.js", "tests"),
        (("!./docs/**",), "a.js", "docs/a"),
        (("!**", "{src,lib}/**/*.{js,mjs}"), "src/a.js lib/x/a.mjs", "src/a.ts a.js"),
        (("!**", "a{b}"), "a{b}", "ab"),
        (("!**", "[ab].js", "[^ab].ts"), "a.js c.ts", "c.js a.ts"),
        (("!a**",), "b a/b", "ab"),
    ],
)
def test_the_last_pattern_that_fits_decides(patterns, taken, left):
    selection = select(*patterns)
    assert selection.notes == ()
    assert [name for name in taken.split() if not selection.takes(PurePosixPath(name))] == []
    assert [name for name in left.split() if selection.takes(PurePosixPath(name))] == []


def test_a_folder_is_entered_where_a_file_of_it_may_be_taken():
    selection = select("!node_modules/**", "node_modules/uuid/**", "!docs/**")
    entered = {
        name
        for name in ("src", "node_modules", "node_modules/uuid", "node_modules/x", "docs", ".git")
        if selection.enters(PurePosixPath(name))
    }
    assert entered == {"src", "node_modules", "node_modules/uuid"}


def test_what_is_apart_stays_out_whatever_the_patterns_say():
    selection = select("out/**").without(PurePosixPath("out"))
    assert not selection.takes(PurePosixPath("out/report.json"))
    assert not selection.enters(PurePosixPath("out"))
    assert selection.takes(PurePosixPath("outer"))


def test_a_selection_is_the_same_seen_from_a_folder_below():
    written = ("!**/*.md", "!src/*/x.js", "src/{a,b}/*.js", "!src/a/y.js", "!other/**", "src/**/keep.md", "!src/a*/**")
    selection = replace(select(*written), apart=frozenset({"src/a/node_modules/dev", "libs"}))
    for folder in ("src", "src/a", "lib"):
        below = selection.below(PurePosixPath(folder))
        for name in ("x.js", "y.js", "a.md", "keep.md", "a/x.js", "a/y.js", "b/z.js", "node_modules/dev/i.js"):
            assert below.takes(PurePosixPath(name)) == selection.takes(PurePosixPath(folder, name)), (folder, name)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("!(a|b)/**", "signs that are not read"),
        ("{1..9}.js", "signs that are not read"),
        ("../shared/**", "leads out of the folder"),
        ("{a,b}" * 7, "more than 64"),
        ("{" + "a," * 1_000_000 + "}", "too long"),
        ("a/" * 101, "longer than a path"),
        ("a" * 256, "longer than a path"),
    ],
)
def test_a_pattern_that_is_not_applied_is_told(pattern, why):
    selection = select(pattern)
    assert selection.patterns == ()
    assert why in str(selection.notes[0])
    assert len(str(selection.notes[0])) < 250


def test_patterns_beyond_many_are_told():
    told = select(*["a/**"] * (MOST_STEPS // 2 + 3)).notes
    assert len(told) == 3
    assert "beyond the 1000 parts" in str(told[0])


def test_no_pattern_costs_more_than_its_steps_times_the_names(monkeypatch):
    """Three hundred names against `**/a` fifty times: what backtracks would try more ways than there are atoms."""
    tried = []
    monkeypatch.setattr(globs, "fnmatchcase", lambda name, step: tried.append(1) or name == step)

    assert not select("!**", "**/a/" * 49 + "b").takes(PurePosixPath("a/" * 300 + "c"))
    assert len(tried) <= 301 * 100 + 301
