"""The documentation in a browser: accessible, within a phone's width, and silent."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import site

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Keep the test's output to the tests."""


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """Serve the site; `browser` first, so that nothing is built where there is none."""
    folder = site.build(tmp_path_factory.mktemp("site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("page", ["", "messages/"])
def test_axe_finds_nothing_serious_on_a_page_that_fits_and_asks_nobody(browser, address, page):
    found, asked = [], []
    for scheme, viewport in (("light", DESK), ("dark", DESK), ("light", PHONE)):
        context = browser.new_context(color_scheme=scheme, viewport=viewport)  # the theme keeps what it chose first
        try:
            tab = context.new_page()
            tab.on("request", lambda request: asked.append(request.url))
            tab.goto(address + page)
            found += Axe().run(tab).response["violations"]
            assert tab.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
            assert tab.evaluate("document.body.dataset.mdColorScheme") == {"light": "default", "dark": "slate"}[scheme]
        finally:
            context.close()

    serious = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert [(one["id"], one["nodes"][0]["failureSummary"]) for one in serious] == []
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
