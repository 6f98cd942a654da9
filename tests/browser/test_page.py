from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.pages import page_of
from tests.unit.report import runs

SITUATIONS = ["regression", "blocked", "failed_rows", "local", "not_reached", "with_findings", "forty"]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page from a file; every console message, error and request of it is in the list beside it."""
    contexts = []

    def open_page(html, **options):
        context = browser.new_context(**{"viewport": DESK, **options})
        contexts.append(context)
        page, heard = context.new_page(), []
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page, heard

    yield open_page
    for context in contexts:
        context.close()


def charts(page, function=0):
    return page.locator(f"#function-{function} figure svg")


def drawn(page, function=0, count=4):
    """Scroll to every chart of a function and wait until it is drawn."""
    for figure in page.locator(f"#function-{function} figure").all():
        figure.scroll_into_view_if_needed()
        figure.locator("svg").wait_for()
    assert charts(page, function).count() == count


@pytest.mark.parametrize("name", SITUATIONS)
def test_opened_from_a_file_it_says_and_asks_nothing(opened, name):
    page, heard = opened(page_of(getattr(runs, name)()))
    drawn(page, count=0 if name == "not_reached" else 4)
    page.emulate_media(color_scheme="dark")

    assert [one for one in heard if not one.startswith("data:")] == []


@pytest.mark.parametrize("name", ["regression", "failed_rows", "forty"])
def test_axe_finds_nothing_serious(opened, name):
    page, _ = opened(page_of(getattr(runs, name)()), bypass_csp=True)  # else the policy would stop axe itself
    drawn(page)
    found = []
    for scheme, viewport in (("light", DESK), ("dark", DESK), ("light", PHONE)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        found += Axe().run(page).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}] == []


def test_on_a_phone_only_tables_scroll_sideways(opened):
    page, _ = opened(page_of(runs.regression()), viewport=PHONE)
    drawn(page)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert all(chart.bounding_box()["width"] <= PHONE["width"] for chart in charts(page).all())


def test_a_closed_function_is_drawn_once_the_keyboard_opens_it(opened):
    page, heard = opened(page_of(runs.forty()))
    assert charts(page, 7).count() == 0

    page.locator("#function-7 summary").focus()
    page.keyboard.press("Enter")
    drawn(page, 7)

    assert heard == []


def test_a_link_of_the_overview_opens_its_function(opened):
    page, _ = opened(page_of(runs.forty()))
    page.get_by_role("link", name="service-39-handler").press("Enter")

    drawn(page, 39)


def test_all_functions_open_and_close_at_once(opened):
    page, _ = opened(page_of(runs.forty()))
    page.get_by_role("button", name="Open or close all functions").press("Enter")
    assert page.locator("details.function[open]").count() == 40

    page.get_by_role("button", name="Open or close all functions").press("Enter")
    assert page.locator("details.function[open]").count() == 0


def test_what_is_open_is_printed_with_its_charts(opened):
    page, heard = opened(page_of(runs.forty()), color_scheme="dark")
    page.emulate_media(media="print")
    assert charts(page).count() == 0  # they lie below the table of functions, and nobody has scrolled
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    assert charts(page).count() == 4
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.get_by_role("button").is_visible()
    assert heard == []


def test_points_say_their_figures(opened):
    page, _ = opened(page_of(runs.regression()))
    drawn(page)
    page.locator("#function-0 figure[data-chart=cost] .mark-symbol.role-mark path").first.hover()

    assert "US$ per million: " in page.locator("#function-0 figure[data-chart=cost] [title]").get_attribute("title")


def test_nothing_that_users_write_runs(opened):
    name = "</script><script>console.log('ran')</script><img src=x onerror=console.log(1)>"
    run = runs.run(
        runs.result(
            runs.function(name),
            findings=(replace(runs.finding(), title=name, evidence=name, place=runs.Place(path=Path(name), line=1)),),
        ),
        notes=(name,),
    )
    page, heard = opened(page_of(run))
    drawn(page)

    assert heard == []
    assert page.locator("h2 code").text_content() == name


def test_what_no_style_sheet_shows_stands_in_tables(opened):
    page, _ = opened(page_of(runs.regression()), java_script_enabled=False)

    assert page.get_by_role("table").first.get_by_role("row").count() == 12
    assert page.get_by_role("rowheader", name="1024 MB arm64 recommended").is_visible()


def test_forty_functions_stay_below_a_megabyte_and_a_half():
    assert len(page_of(runs.forty()).encode()) < 1.5e6
