import json
import re
from base64 import b64encode
from dataclasses import replace
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings

from lambdabot.model import Edit
from lambdabot.report.page import FOLDER, page
from lambdabot.report.thinning import ChartSamples
from tests.spot_check import examples
from tests.unit.report import runs
from tests.unit.report.test_comment import SITUATIONS
from tests.unit.report.test_escape import TEXTS

LOCK = Path(__file__).parents[3] / "requirements" / "vega" / "package-lock.json"
VOID = {"meta", "link", "img", "br"}


class Reader(HTMLParser):
    """Reads a page, and fails on a tag that is not closed where it should be."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.words, self.scripts = [], set(), [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.words.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def page_of(run):
    return page(runs.report_of(run), ChartSamples())


@cache
def tags_of(name):
    return read(page_of(getattr(runs, name)())).tags


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_page_is_well_formed_and_has_a_section_for_each_function(name):
    run = getattr(runs, name)()
    html = page_of(run)
    read(html)

    assert html.count('<details class="function"') == len(run.functions)
    assert len(json.loads(read(html).scripts[0])["functions"]) == len(run.functions)


def test_a_run_without_functions_has_a_page():
    assert "Nothing measured: nothing was measured" in page_of(runs.run())


def test_a_run_outside_a_workflow_says_what_it_knows():
    run = replace(runs.regression(), repository=None, pull_request=None, head_sha=None, base_sha=None)

    assert '<p class="facts"><span><span class="pill verdict-regression">regression</span></span><span>2026' in page_of(
        run
    )


def test_the_policy_names_the_scripts_and_the_style_and_allows_nothing_else():
    html = page_of(runs.regression())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)

    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert len(scripts) == 2
    for text in (*scripts, style):
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in policy


def test_situations_say_themselves():
    assert "Estimate: embedded endpoint." in page_of(runs.local())
    assert "Nothing compared, so nothing gated" in page_of(runs.nothing_compared())
    assert "Interrupted." in page_of(runs.interrupted())
    assert '<td colspan="8" class="reason">out of memory: ' in page_of(runs.failed_rows())
    assert "fasttext-wheel 0.9.2 has a wheel for aarch64" in page_of(runs.blocked())
    assert "id-token: write" in page_of(runs.not_reached())
    assert "priced at the duration that was measured on the other architecture" in page_of(runs.local())


def test_the_bundled_libraries_are_those_of_the_lock():
    locked = json.loads(LOCK.read_text())["packages"]
    licences = (FOLDER / "assets" / "vega.licences.txt").read_text()
    bundled = dict(re.findall(r"^([a-z0-9-]+) ([0-9.]+): ", licences, re.MULTILINE))

    assert {"vega-lite", "vega-interpreter", "vega-view", "d3-scale"} <= set(bundled)
    stale = {name for name, version in bundled.items() if locked[f"node_modules/{name}"]["version"] != version}
    assert not stale, "run `make vega`"
    assert f'"{bundled["vega-lite"]}"' in (FOLDER / "assets" / "vega.min.js").read_text()


@given(name=TEXTS, words=TEXTS)
@example(name="<b>" * 33_000, words="\n| `" * 25_000)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(40), deadline=None)
def test_whatever_users_write_breaks_nothing(name, words):
    html = page_of(runs.hostile(name, words))
    reader = read(html)

    assert reader.tags <= {tag for situation in SITUATIONS for tag in tags_of(situation)}
    assert len(json.loads(reader.scripts[0])["functions"]) == 2
    assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", "".join(reader.words))
    assert len(html) < 1_100_000
    html.encode()


def test_who_accepted_the_cost_stands_at_the_top():
    text = "".join(read(page_of(runs.overridden())).words)
    refused = "".join(read(page_of(runs.not_accepted())).words)

    assert "Accepted by octocat, who set lambdabot: accept cost at 2026-11-23 12:05 UTC for this commit." in text
    assert "lambdabot: accept cost does not count (set by octocat at 2026-11-23 11:58 UTC): it was set" in refused


def test_lines_to_paste_keep_their_indentation():
    text = "".join(read(page_of(runs.nothing_compared())).words)

    assert "\n      - uses: actions/checkout@v5\n        with:\n          fetch-depth: 2" in text
    assert text.count("fetch-depth") == 1


def test_the_edit_is_that_of_the_users_own_template():
    edit = Edit(path=Path("template.yaml"), line=9, before="  MemorySize: 512", after="  MemorySize: 1024", note="")
    html = page_of(runs.run(runs.result(edits=(edit,), edits_reason="`Architectures` is a parameter")))

    assert '<span class="removed">-  MemorySize: 512</span><span class="added">+  MemorySize: 1024</span>' in html
    assert "The template takes no edit here: <code>Architectures</code> is a parameter.</p>" in html
    assert "Terraform" not in html


def test_events_are_told_and_the_empty_one_at_the_top():
    text = "".join(read(page_of(runs.events_chosen())).words)

    assert "Invoked with the empty event {}: mails." in text.partition("All functions")[0]
    assert "Eventevents/orders.json, found in the repository." in text
    assert "Eventa synthetic SQS event of 10 records: no event was given." in text


def test_what_is_compared_with_has_its_name():
    text = "".join(read(page_of(runs.live_version())).words)

    assert "512 MB x86_64 against 1024 MB x86_64 of the live version" in text
    assert "target branch" not in text
