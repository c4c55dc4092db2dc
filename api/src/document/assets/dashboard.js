// Fills the dashboard in from the API, and again every half a minute. Names are other people's
// input: they are only ever set as text.
"use strict";

const REFRESH_MS = 30000;
const number = new Intl.NumberFormat("en");

const element = (id) => document.getElementById(id);

async function ask(path) {
  const response = await fetch(path);
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(answer.detail ?? `status ${response.status}`);
  }
  return answer;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  const [size, unit] = units.find(([size]) => seconds >= 2 * size) ?? [1, "s"];
  return `${number.format(Math.round(seconds / size))} ${unit}`;
}

function row(...cells) {
  const line = document.createElement("tr");
  for (const cell of cells) {
    const data = document.createElement("td");
    data.append(cell ?? "–");
    line.append(data);
  }
  return line;
}

function showTypes(hour, all) {
  const recent = hour.sample_size > 0;
  const { counts } = recent ? hour : all;
  element("types-title").textContent = `Events by type, ${recent ? "last hour" : "all kept"}`;
  const sorted = Object.entries(counts).filter(([, count]) => count > 0);
  sorted.sort((a, b) => b[1] - a[1]);
  const rows = sorted.map(([type, count]) => {
    const bar = document.createElement("meter");
    bar.max = sorted[0][1];
    bar.value = count;
    bar.setAttribute("aria-label", `${type}: ${count}`);
    return row(type, bar, number.format(count));
  });
  element("types").replaceChildren(...rows);
}

function showLatest(events) {
  const rows = events.map((event) => {
    const time = event.created_at?.replace("T", " ").replace("Z", "");
    return row(time, event.type, event.repo?.name, event.actor?.login);
  });
  element("latest").replaceChildren(...rows);
}

async function refresh() {
  try {
    const [status, minutes, hour, all, latest] = await Promise.all([
      ask("/v1/status"),
      ask("/v1/event-counts?offset=10"),
      ask("/v1/event-counts?offset=60"),
      ask("/v1/event-counts"),
      ask("/v1/events?limit=15"),
    ]);
    element("last-10").textContent = number.format(minutes.sample_size);
    element("last-60").textContent = number.format(hour.sample_size);
    element("kept").textContent = number.format(status.events);
    element("newest").textContent = duration(status.observed_age_seconds === null ? null : Math.max(0, status.observed_age_seconds));
    element("gaps").textContent = number.format(status.gaps);
    showTypes(hour, all);
    showLatest(latest.events);
    element("trouble").hidden = true;
  } catch (error) {
    element("trouble").textContent = error.message;
    element("trouble").hidden = false;
  }
  setTimeout(refresh, REFRESH_MS);
}

element("interval").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = element("interval-answer");
  const path = element("interval-repo").value.trim().split("/").map(encodeURIComponent).join("/");
  try {
    const { repo, sample_size: count, mean_seconds: mean, p50_seconds: median } =
      await ask(`/v1/repos/${path}/pull-request-interval`);
    answer.textContent = mean === null
      ? `${repo.name}: ${count} pull requests seen, too few for an interval`
      : `${repo.name}: a pull request every ${duration(mean)} on average, median ${duration(median)}, from ${number.format(count)} seen`;
  } catch (error) {
    answer.textContent = error.message;
  }
});

refresh();
