"""Render comments to PNG as a reviewer sees them: cmark-gfm, GitHub's style, headless Chromium.

usage: python -m tests.browser.render_comment COMMENT.md… [--out DIR] [--dark] [--unfold]
"""

import argparse
import re
import sys
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options
from playwright.sync_api import Browser

from tests.browser.chromium import chromium, program

STYLE = Path(__file__).with_name("github.css")
WIDTH = 900


def html(markdown: str, *, dark: bool, unfold: bool) -> str:
    """Return the page: GitHub shows no comments, and details are folded unless asked for."""
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<td>( |\n)*</td>", "<td></td>", body)
    body = alerts(coloured(body))
    if unfold:
        body = body.replace("<details>", "<details open>")
    theme = "dark" if dark else "light"
    return (
        f'<!doctype html><meta charset="utf-8"><html data-theme="{theme}"><style>{STYLE.read_text()}</style>'
        f'<main><header><b>github-actions</b> <span class="bot">bot</span> commented</header>'
        f"<article>{body}</article></main></html>"
    )


def alerts(body: str) -> str:
    """Show `> [!NOTE]` as GitHub does."""
    return re.sub(
        r"<blockquote>\n<p>\[!([A-Z]+)\](?:<br />)?\n?",
        lambda found: f'<blockquote class="{found[1].lower()}"><p class="title">{found[1].capitalize()}</p><p>',
        body,
    )


def coloured(body: str) -> str:
    """Colour the lines of a diff, as GitHub's highlighter does."""

    def block(found: re.Match[str]) -> str:
        lines = [
            f'<span class="{"added" if line[:1] == "+" else "removed" if line[:1] == "-" else "plain"}">{line}</span>'
            for line in found[1].splitlines()
        ]
        text = "\n".join(lines)
        return f"<pre><code>{text}</code></pre>"

    return re.sub(r'<pre lang="diff"><code>(.*?)</code></pre>', block, body, flags=re.DOTALL)


def picture(browser: Browser, page: str, png: Path) -> None:
    """Take a picture of the comment and a little room around it."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": 600}, device_scale_factor=2)
    tab.set_content(page)
    tab.screenshot(path=png, full_page=True)
    tab.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("comments", nargs="+", type=Path, metavar="COMMENT.md")
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder of the pictures (default: %(default)s)")
    parser.add_argument("--dark", action="store_true", help="GitHub's dark theme")
    parser.add_argument("--unfold", action="store_true", help="show what is collapsed")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if program() is None:
        sys.exit("no Chromium on this machine; on Debian: apt-get install chromium")
    with chromium() as browser:
        for comment in arguments.comments:
            png = arguments.out / f"{comment.stem}{'-dark' if arguments.dark else ''}.png"
            page = html(comment.read_text(encoding="utf-8"), dark=arguments.dark, unfold=arguments.unfold)
            picture(browser, page, png)
            print(png)


if __name__ == "__main__":
    main()
