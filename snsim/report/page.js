"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figure-data").textContent);
  const arrays = { f4: Float32Array, f8: Float64Array };
  const unpacked = new WeakMap();
  const LABEL = 18; // height of the words above a line: their indices reach down

  /** Numbers from base64, once; texts as they are. */
  function numbers(packed) {
    if (Array.isArray(packed)) return packed;
    if (!unpacked.has(packed)) {
      const bytes = Uint8Array.from(atob(packed.data), (c) => c.charCodeAt(0));
      unpacked.set(packed, new arrays[packed.type](bytes.buffer));
    }
    return unpacked.get(packed);
  }

  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (name) => style(`--${name}`) || name;

  /** Which row of a curve the sliders choose; axes of length 1 follow none. */
  function row(shape, steps) {
    return shape.reduce((at, size, i) => at * size + (size > 1 ? steps[i] : 0), 0);
  }

  function trace(curve, steps, texts) {
    const x = numbers(curve.x), y = numbers(curve.y), from = row(curve.shape, steps) * curve.points;
    const own = x.length > curve.points ? from : 0; // where every step has points of its own
    const shown = colour(curve.colour);
    const unit = curve.unit ? ` ${curve.unit}` : "";
    return {
      ...(curve.marks === "bars" ? { type: "bar" } : { type: "scatter", mode: curve.marks }),
      name: curve.name, showlegend: curve.name !== "",
      x: Array.from(x.slice(own, own + curve.points)), y: Array.from(y.subarray(from, from + curve.points)),
      yaxis: curve.right ? "y2" : "y",
      ...(curve.marks !== "bars" && { connectgaps: false, line: { color: shown, width: 2, dash: curve.dashes } }), marker: { color: shown, ...(curve.marks !== "bars" && { size: curve.symbol === "circle" ? 6 : 8, symbol: curve.symbol }) },
      text: texts.length ? (curve.places.length ? curve.places.map((i) => texts[i]) : texts) : undefined,
      hovertemplate: `%{y:.4~g}${unit}${texts.length ? "<br>%{text}" : ""}${curve.name ? "" : "<extra></extra>"}`,
    };
  }

  /** Ticks of a logarithmic axis: 1, 2, 5 on a short one, powers of ten on a long one. */
  function ticks([low, high]) {
    const leads = high - low < 1.5 ? [1, 1.5, 2, 3, 4, 5, 7] : high - low < 2.6 ? [1, 2, 5] : high - low < 4.2 ? [1, 3] : [1];
    const step = leads.length > 1 ? 1 : Math.max(1, Math.ceil((high - low) / 8));
    const values = [];
    for (let n = Math.floor(low); n <= high; n += 1) {
      if (n % step === 0) values.push(...leads.map((lead) => lead * 10 ** n));
    }
    const shown = values.filter((value) => value >= 10 ** low * 0.999 && value <= 10 ** high * 1.001);
    return { tickmode: "array", tickvals: shown, ticktext: shown.map(words(shown)) };
  }

  /** How the ticks of an axis are written: all plainly, or where one is too long for that, all as powers of ten. */
  function words(shown) {
    if (shown.every((value) => value >= 0.9e-3 && value < 0.9e5)) return (value) => String(Number(value.toPrecision(3)));
    return (value) => {
      const power = Math.floor(Math.log10(value) + 1e-9), lead = Number((value / 10 ** power).toPrecision(2));
      return `${lead === 1 ? "" : `${lead}×`}10<sup>${String(power).replace("-", "−")}</sup>`;
    };
  }

  function axis(spec, more) {
    const log = spec.kind === "log";
    const limits = spec.limits && (log ? spec.limits.map(Math.log10) : spec.limits);
    return {
      type: spec.kind === "category" ? "category" : spec.kind, title: { text: spec.title, standoff: 8 },
      range: limits || undefined, autorange: limits ? false : true,
      gridcolor: style("--grid"), linecolor: style("--faint"), zerolinecolor: style("--rule"), tickcolor: style("--faint"),
      showline: true, ticks: "outside", ticklen: 4, exponentformat: "power", nticks: 8, automargin: true,
      ...(log && limits && ticks(limits)),
      ...more,
    };
  }

  /** Vertical lines and bands with their words on top. */
  function lines(view, steps, sizes) {
    const shapes = [], annotations = [], at = row(sizes, steps);
    const log = view.x.kind === "log";
    for (const line of view.lines) {
      const pick = (packed) => { const all = numbers(packed); return all.length > 1 ? all[at] : all[0]; };
      const from = pick(line.at), to = line.end ? pick(line.end) : NaN;
      if (!Number.isFinite(from)) continue;
      const band = Number.isFinite(to);
      shapes.push({
        type: band ? "rect" : "line", xref: "x", yref: "paper", x0: from, x1: band ? to : from, y0: 0, y1: 1, layer: "below",
        fillcolor: style("--band"), line: { color: colour(line.colour), width: band ? 0 : 1.2, dash: "5px,4px" },
      });
      const middle = band ? (log ? Math.sqrt(from * to) : (from + to) / 2) : from;
      annotations.push({
        x: log ? Math.log10(middle) : middle, y: 1, xref: "x", yref: "paper", yanchor: "bottom", text: line.label, showarrow: false,
        yshift: LABEL * (annotations.length % 3), font: { size: 11, color: style("--soft") },
      });
    }
    return { shapes, annotations };
  }

  function layout(view, steps, sizes, narrow) {
    const font = { family: style("--plain"), size: narrow ? 11 : 13, color: style("--soft") };
    const marks = lines(view, steps, sizes);
    return {
      ...marks, font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: narrow ? 46 : 64, r: view.right ? (narrow ? 46 : 64) : 16, t: 10 + LABEL * Math.min(marks.annotations.length, 3), b: 44 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: style("--faint"), activecolor: style("--ink") },
      xaxis: axis(view.x, { hoverformat: ".4~g", unifiedhovertitle: { text: `${view.x.title}: %{x:.4~g}` } }),
      yaxis: axis(view.y, {}),
      ...(view.right && { yaxis2: axis(view.right, { overlaying: "y", side: "right", showgrid: false, ...(view.right.kind !== "log" && { tickmode: "auto" }) }) }),
      legend: { orientation: "h", x: 0, xanchor: "left", y: -0.2, yanchor: "top", font: { size: font.size } },
      hovermode: view.x.kind === "category" ? "closest" : "x unified",
      hoverlabel: { bgcolor: style("--panel"), bordercolor: style("--rule"), font: { ...font, color: style("--ink") } },
      showlegend: view.curves.filter((curve) => curve.name !== "").length > 1, dragmode: narrow ? false : "zoom",
    };
  }

  for (const figure of figures) {
    const frame = document.querySelector(`[data-figure="${figure.key}"]`);
    const plot = frame.querySelector(".plot"), menu = frame.querySelector("select");
    const sliders = [...frame.querySelectorAll("input[type=range]")];
    const redraw = () => {
      const view = figure.views[menu ? Number(menu.value) : 0];
      const steps = sliders.map((slider) => Number(slider.value));
      const narrow = plot.clientWidth < 560;
      Plotly.react(plot, view.curves.map((curve) => trace(curve, steps, figure.texts)), layout(view, steps, figure.sizes, narrow), {
        responsive: true, displaylogo: false, scrollZoom: false, displayModeBar: narrow ? false : "hover",
        modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
        toImageButtonOptions: { format: "svg", filename: figure.key },
      });
    };
    if (menu) menu.addEventListener("change", redraw);
    sliders.forEach((slider, i) => {
      slider.addEventListener("input", () => {
        const words = figure.sliders[i].values[Number(slider.value)];
        slider.nextElementSibling.value = words;
        slider.setAttribute("aria-valuetext", words);
        redraw();
      });
    });
    redraw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  }
  if (matchMedia("(max-width: 60rem)").matches) document.querySelector("nav details").open = false;
})();
