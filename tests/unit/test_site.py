"""The documentation: links lead somewhere, pages load nothing from elsewhere, every message has its place."""

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from docs.messages import OF_OTHERS, PAGE, found
from tests import site

ROOT = Path(__file__).parents[2]
OWN = "https://github.com/lambdabot/lambdabot/blob/main/"
ADDRESS = "https://lambdabot.github.io/lambdabot/"
ANCHOR = re.compile(r"[a-z0-9-]+")


class Page(HTMLParser):
    """A page's ids, the links in it, and what a browser would load for it."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.loaded = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in {"script", "img", "iframe", "source", "video"} and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") not in {"canonical", "next", "prev"}:
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return site.build(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def pages(built):
    return {path: Page(path.read_text()) for path in built.rglob("*.html") if path.name != "404.html"}


def target(path, link, built):
    """Return the file of the site that a link names, and the anchor in it."""
    parts = urlsplit(link)
    where = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    assert where.is_relative_to(built.resolve()), f"{link} leads out of the site"
    return where / "index.html" if where.is_dir() else where, parts.fragment


def test_every_link_within_the_site_leads_to_a_page_and_a_place_on_it(pages, built):
    dead = []
    for path, page in pages.items():
        for link in page.links:
            if not urlsplit(link).scheme:
                where, anchor = target(path, link, built)
                if not where.is_file() or (anchor and anchor not in (pages[where].ids if where in pages else ())):
                    dead.append((path.parent.name, link))

    assert dead == []
    assert sum(len(page.links) for page in pages.values()) > 300


def test_links_to_other_sites_are_https_and_those_into_the_repository_name_what_is_there(pages):
    links = {link for page in pages.values() for link in page.links if urlsplit(link).scheme}

    assert {link for link in links if not re.fullmatch(r"https://[\w.-]+\.[a-z]+(?:/[\w./#%~-]*)?", link)} == set()
    own = {unquote(link.removeprefix(OWN)).partition("#")[0] for link in links if link.startswith(OWN)}
    assert own
    assert {name for name in own if not (ROOT / name).exists()} == set()


def test_a_page_loads_nothing_from_elsewhere(pages, built):
    """So that it can be read offline, and nobody is told who reads it."""
    loaded = {one for page in pages.values() for one in page.loaded}

    assert {one for one in loaded if urlsplit(one).scheme or one.startswith("//")} == set()
    assert not [
        path
        for path in built.rglob("*.css")
        if re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", path.read_text())
    ]


def test_every_page_stands_in_the_navigation():
    def named(entries):
        for entry in entries:
            for value in entry.values():
                yield from [value] if isinstance(value, str) else named(value)

    listed = list(named(tomllib.loads((ROOT / site.CONFIGURATION).read_text())["project"]["nav"]))

    assert sorted(listed) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))


def test_every_message_of_an_error_has_an_address_of_its_own():
    said, passed_on = found()
    page = PAGE.read_text()

    assert len(said) > 150
    for one in said:
        assert ANCHOR.fullmatch(one.anchor)
        assert f'<a id="{one.anchor}"></a>' in page, one
        assert one.text in page, one
    assert {one.module for one in passed_on} == OF_OTHERS.keys()  # whose words they are is said for each, and no other


HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def slug(heading):
    """Return a heading's anchor as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_the_links_of_what_github_shows_lead_somewhere(name, pages, built):
    text = re.sub(r"```.*?```", "", (ROOT / name).read_text(), flags=re.DOTALL)
    for link in LINK.findall(text):
        path, _, anchor = link.partition("#")
        if link.startswith(ADDRESS):
            where = built / path.removeprefix(ADDRESS) / "index.html"
            assert where.is_file(), link
            assert not anchor or anchor in pages[where].ids, link
        elif urlsplit(link).scheme:
            assert link.startswith("https://"), link
        else:
            where = ROOT / path if path else ROOT / name
            assert where.exists(), link
            assert not anchor or anchor in map(slug, HEADING.findall(where.read_text())), link
