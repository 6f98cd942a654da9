"""Size, accessibility and speed of report.html with forty functions, in the system's Chromium."""

import statistics
import tempfile
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe

from benchmarks.figures import Figures
from tests.browser.chromium import chromium, program
from tests.browser.pages import page_of
from tests.unit.report import runs

LOADS = 5

WATCH = """new PerformanceObserver((list) => {
  window.tasks = [...(window.tasks ?? []), ...list.getEntries()];
}).observe({ type: "longtask", buffered: true });"""

INTERACTIVE = """() => Math.max(
  performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
  ...(window.tasks ?? []).map((task) => task.startTime + task.duration),
)"""
"""Milliseconds from the navigation to the end of the last task of more than 50 ms (web.dev, "Time to Interactive")."""

CHARTS = """() => new Promise((done) => {
  const start = performance.now();
  const details = document.getElementById("function-7");
  details.open = true;
  details.scrollIntoView();
  const look = () => details.querySelectorAll("figure svg").length === details.querySelectorAll("figure").length
    ? done(performance.now() - start) : requestAnimationFrame(look);
  look();
})"""


def run(seed: int) -> Figures:
    """Open the page of forty functions several times, and return the medians beside its size and axe's findings."""
    if program() is None:
        msg = "Chromium is needed to open the page"
        raise RuntimeError(msg)
    html = page_of(runs.forty(), seed=seed)
    interactive, charts = [], []
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder, "report.html")
        file.write_text(html, encoding="utf-8")
        for _ in range(LOADS):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            context.add_init_script(WATCH)
            page = context.new_page()
            page.goto(file.as_uri())
            page.wait_for_timeout(2000)
            interactive.append(page.evaluate(INTERACTIVE) / 1000)
            charts.append(page.evaluate(CHARTS) / 1000)
            context.close()
        page = browser.new_page(bypass_csp=True)
        page.goto(file.as_uri())
        page.evaluate(CHARTS)
        serious = [one for one in Axe().run(page).response["violations"] if one["impact"] in {"serious", "critical"}]
    figures = {
        "page.bytes": float(len(html.encode())),
        "page.axe_serious": float(len(serious)),
        "page.interactive_seconds": statistics.median(interactive),
        "page.charts_seconds": statistics.median(charts),
    }
    table = "\n".join(
        [
            "| page with 40 functions | figure |",
            "| --- | ---: |",
            f"| bytes (limit 1,500,000) | {len(html.encode()):,} |",
            f"| serious findings of axe-core | {len(serious)} |",
            f"| interactive after, s (median of {LOADS}; limit 1) | {figures['page.interactive_seconds']:.2f} |",
            f"| from opening a function to its four charts, s | {figures['page.charts_seconds']:.2f} |",
        ]
    )
    return Figures(figures, table)
