"use strict";
// Draws a chart when it comes into view. Everything that it shows stands in the page's tables too.
{
  const { charts, functions } = JSON.parse(document.getElementById("data").textContent);
  const CONFIG = {
    aria: false, // charts are hidden from screen readers, which have the tables
    autosize: { type: "fit-x", contains: "padding" },
    background: null,
    font: "system-ui, sans-serif",
    axis: {
      domainColor: "var(--line)", gridColor: "var(--line)", gridOpacity: 0.6, tickColor: "var(--line)",
      labelColor: "var(--muted)", labelSeparation: 8, titleColor: "var(--muted)", titleFontWeight: "normal",
    },
    legend: { labelColor: "var(--text)", symbolOpacity: 1 },
    view: { stroke: null },
  };
  const compiled = new Map();

  function compile(name) {
    if (!compiled.has(name)) compiled.set(name, vega.compile(charts[name], { config: CONFIG }).spec);
    return compiled.get(name);
  }

  // Half a step of memory is a factor of 2^0.08: the dots of x86_64 lie left of the line, those of arm64 right.
  function spread(samples) {
    return samples.flatMap(({ duration, init, ...variant }) => {
      const centre = variant.architecture === "x86_64" ? -0.09 : 0.09;
      const dot = (field) => (value, index) => {
        const offset = centre + (((index * 0.618034) % 1) - 0.5) * 0.12;
        return { ...variant, memory: variant.memory * 2 ** offset, [field]: value };
      };
      return [...duration.map(dot("duration")), ...init.map(dot("init"))];
    });
  }

  function draw(figure) {
    if (figure.dataset.drawn) return;
    figure.dataset.drawn = "yes";
    const { points, samples } = functions[figure.dataset.function];
    const rows = { points: structuredClone(points), samples: spread(samples) };
    const spec = { ...compile(figure.dataset.chart) };
    spec.data = spec.data.map((one) => (one.name in rows ? { ...one, values: rows[one.name] } : one));
    const view = new vega.View(vega.parse(spec, null, { ast: true }), {
      expr: vega.expressionInterpreter, // the page's policy forbids `eval`
      renderer: "svg",
    });
    view.initialize(figure.querySelector(".chart")).run();
  }

  const waiting = [];
  function drawNext() {
    const figure = waiting.shift();
    if (figure) {
      setTimeout(drawNext); // one chart a turn: the page answers in between, and a chart that fails costs no other
      draw(figure);
    } else {
      performance.mark("drawn");
    }
  }

  const observer = new IntersectionObserver((entries) => {
    const visible = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target);
    visible.forEach((figure) => observer.unobserve(figure));
    if (waiting.push(...visible) === visible.length) setTimeout(drawNext);
  }, { rootMargin: "300px" });
  const figures = [...document.querySelectorAll("figure[data-chart]")];
  figures.forEach((figure) => observer.observe(figure));

  const details = [...document.querySelectorAll("details.function")];
  const toggle = document.getElementById("toggle");
  toggle?.addEventListener("click", () => {
    const open = details.some((one) => !one.open);
    details.forEach((one) => { one.open = open; });
  });
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.matches("details")) target.open = true;
  }
  addEventListener("hashchange", reveal);
  reveal();
  addEventListener("beforeprint", () => figures.filter((one) => one.checkVisibility()).forEach(draw));
  if (toggle) toggle.hidden = false;
}
