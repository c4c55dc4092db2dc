// Draws events over time, with uPlot, into a place that has the same figures as a table below it.
"use strict";

const RANGES = [
  { label: "Last hour", interval: "minute", minutes: 60 },
  { label: "Last day", interval: "hour", minutes: 24 * 60 },
  { label: "Last 30 days", interval: "day", minutes: 30 * 24 * 60 },
];

// More lines than these cannot be told apart; the rest is one.
const LINES = 4;

// A time as it stands below the chart: a day where a step is one, otherwise hour and minute.
function shortTime(seconds, interval) {
  const text = new Date(seconds * 1000).toISOString();
  return interval === "day" ? text.slice(5, 10) : text.slice(11, 16);
}

const dark = matchMedia("(prefers-color-scheme: dark)");

class TimeChart {
  #place;
  #range = RANGES[0];
  #chart = null;
  #answer = null;

  constructor(place) {
    this.#place = place;
    new ResizeObserver(() => this.#resize()).observe(place);
    dark.addEventListener("change", () => this.#draw());
  }

  // The choice of a range.
  chooser() {
    const select = document.createElement("select");
    select.setAttribute("aria-label", "Range");
    select.append(...RANGES.map(({ label }) => new Option(label)));
    select.addEventListener("change", () => {
      this.#range = RANGES[select.selectedIndex];
      this.refresh();
    });
    return select;
  }

  async refresh() {
    const { interval, minutes } = this.#range;
    const response = await fetch(`/v1/event-series?interval=${interval}&offset=${minutes}`);
    if (response.ok) {
      this.#answer = await response.json();
      this.#draw();
    }
  }

  #resize() {
    this.#chart?.setSize(this.#size());
  }

  #size() {
    return { width: Math.max(this.#place.clientWidth, 200), height: 230 };
  }

  #draw() {
    if (this.#answer === null) return;
    const { series, interval } = this.#answer;
    const totals = new Map();
    for (const { counts } of series) {
      for (const [type, count] of Object.entries(counts)) totals.set(type, (totals.get(type) ?? 0) + count);
    }
    const types = [...totals].filter(([, total]) => total > 0).sort((a, b) => b[1] - a[1]).map(([type]) => type);
    const shown = types.slice(0, LINES);
    const rest = types.slice(LINES);
    const sum = (counts, types) => types.reduce((sum, type) => sum + (counts[type] ?? 0), 0);
    const lines = shown.map((type) => ({ label: type.replace(/Event$/, ""), of: (counts) => counts[type] ?? 0 }));
    if (rest.length > 0) lines.push({ label: "Others", of: (counts) => sum(counts, rest) });
    const data = [
      series.map(({ start }) => Date.parse(start) / 1000),
      ...lines.map(({ of }) => series.map(({ counts }) => of(counts))),
    ];
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
    const options = {
      ...this.#size(),
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (chart, low, high) => [0, Math.max(high, 1)] } },
      axes: [{ ...axis, values: (chart, times) => times.map((time) => shortTime(time, interval)) }, { ...axis, size: 56 }],
      series: [
        { label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
        ...lines.map(({ label }, at) => ({ label, stroke: colour(`--series-${at + 1}`), width: 2, points: { show: false } })),
      ],
    };
    this.#chart?.destroy();
    this.#chart = new uPlot(options, data, this.#place);
    // A picture of what the table says; its legend follows the pointer, which nobody needs read aloud.
    this.#place.setAttribute("role", "img");
    const total = types.reduce((all, type) => all + totals.get(type), 0);
    this.#place.setAttribute("aria-label", `${this.#range.label}: ${total} events. By type: ${types.map((type) => `${type} ${totals.get(type)}`).join(", ")}`);
  }
}
