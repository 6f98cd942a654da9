import html
import re
import unicodedata

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from lambdabot.report.escape import code, escape, fence, plain, prose

WORDS = (
    "| ` `` <script> </td> </details> @here @octo/team #1 GH-12 octo/demo#3 ::error:: ${{ $x$ $$ ** __ _ ~~ ~ [a](b) "
    "![a](b) <!-- --> \\ &amp; &#124; http://a.b www.evil.org a@b.co - 1. 12) + > # --- === ``` mailto:a@b.co 😀"
)
SIGNS = ["\n", "\r\n", "\n\n", "    ", "\t", " ", "\u202e", "\u2066", "\x00", "\ud800", "\u2028", "\x85"]
NASTY = st.sampled_from([*WORDS.split(), *SIGNS])
TEXTS = st.lists(NASTY | st.text(max_size=5), max_size=12).map("".join)


def rendered(markdown):
    return cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)


def text_of(fragment):
    return html.unescape(re.sub(r"<[^>]*>", "", fragment))


def as_read(text):
    return re.sub(r"\s+", " ", text.replace("\u200b", "")).strip()


@given(text=TEXTS)
@example(text="\u200b")
def test_a_text_is_one_paragraph_of_itself(text):
    page = rendered(f"before {escape(text)} after")

    assert set(re.findall(r"</?[a-z][^>]*>", page)) == {"<p>", "</p>"}
    assert as_read(text_of(page)) == as_read(f"before {plain(text)} after")


@given(text=TEXTS, behind=st.sampled_from(["", "x"]))
@example(text="\n-\n", behind="x")
@example(text="\n+", behind="")
@example(text=" 1.\t", behind="x")
@example(text="\u20031) x", behind="")
def test_a_text_at_the_start_of_a_line_opens_no_block(text, behind):
    page = rendered(f"\n{escape(text)}{behind}\n")

    assert set(re.findall(r"</?[a-z][^>]*>", page)) <= {"<p>", "</p>"}


@given(text=TEXTS, other=TEXTS)
def test_a_text_stays_in_its_cell(text, other):
    page = rendered(f"| a | b |\n| - | - |\n| {escape(text)} | {code(other)} |\n| x | y |\n")

    assert page.count("<tr>") == 3
    cells = [text_of(cell).strip().replace("\u200b", "") for cell in re.findall("<td>(.*?)</td>", page, re.DOTALL)]
    assert cells == [plain(text).strip().replace("\u200b", ""), plain(other).strip().replace("\u200b", ""), "x", "y"]
    tags = set(re.findall(r"</?([a-z0-9]+)[^>]*>", page))
    assert tags <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@given(text=TEXTS)
def test_nobody_is_mentioned_and_no_issue_is_linked(text):
    """GitHub looks for these in the rendered text, outside code."""
    shown = text_of(rendered(f"x {escape(text)}"))

    assert not re.search(r"@\w", shown, re.ASCII)
    assert not re.search(r"#\d", shown)
    assert not re.search(r"\bGH-\d", shown, re.IGNORECASE)


@given(text=TEXTS)
def test_no_mark_turns_the_reading_direction(text):
    assert not any(
        unicodedata.bidirectional(one) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI", "PDI"}
        for one in escape(text)
    )
    escape(text).encode()  # and every character can be written


@given(text=TEXTS, longest=st.integers(min_value=3, max_value=50))
def test_a_text_is_never_longer_than_asked(text, longest):
    assert len(plain(text, longest)) <= longest


def test_a_long_text_keeps_both_ends():
    assert plain("begin " + "x" * 100_000 + " end", 30) == "begin " + "x" * 13 + "…" + "x" * 6 + " end"


def test_what_is_markdown_already_stays():
    assert escape(Markup("**bold**")) == "**bold**"


def test_readable_text_stays_readable():
    assert (
        escape("python3.13, x86_64, glibc 2.34; 20 % of 1,024 MB - it's fine")
        == "python3.13, x86_64, glibc 2.34; 20 % of 1,024 MB - it's fine"
    )


def test_code_of_nothing_is_nothing():
    assert code("") == ""


@given(text=TEXTS)
def test_a_fence_holds_all_of_its_text(text):
    page = rendered(f"before\n\n{fence(text)}\n\nafter\n")

    assert set(re.findall(r"</?([a-z0-9]+)[^>]*>", page)) <= {"p", "pre", "code"}
    assert page.count("<pre") == 1
    assert page.rstrip().endswith("<p>after</p>")


@pytest.mark.parametrize("text", ["permissions:\n  contents: read", "a\n\n    b"])
def test_a_fence_keeps_lines_and_indentation(text):
    assert text in html.unescape(rendered(str(fence(text))))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("give it `a|b` and `c`", "give it <code>a&#124;b</code> and <code>c</code>."),
        ("one ` alone.", "one &#96; alone."),
        ("", ""),
        ("really?", "really?"),
    ],
)
def test_prose_shows_code_and_ends(text, shown):
    assert prose(text) == shown


@given(text=TEXTS)
@example(text="`<b>` ``*`` `")
def test_prose_opens_nothing_but_code(text):
    page = rendered(f"x {prose(text)}")

    assert set(re.findall(r"</?[a-z][^>]*>", page)) <= {"<p>", "</p>", "<code>", "</code>"}
    assert page.count("<code>") == page.count("</code>")
