// Keeps the first page current: whenever something new has come, the same page is fetched again and the
// parts that differ take the place of the old ones. The service made them, so names in them are text.
"use strict";

// However much comes, nobody reads faster.
const PACE_MS = 3000;
// Where the service cannot say that something has come, and for ages, which grow by themselves.
const REFRESH_MS = 15000;

const main = document.querySelector("main.dashboard");
let paused = false;
let due = false;
let running = false;
let last = 0;

const place = document.createElement("div");
place.className = "chart";
const chart = new TimeChart(place);
const pause = document.createElement("button");
const trouble = document.createElement("p");

function build() {
  pause.type = "button";
  pause.className = "quiet";
  pause.addEventListener("click", () => setPaused(!paused));
  setPaused(false);
  trouble.className = "trouble";
  trouble.setAttribute("role", "alert");
  trouble.hidden = true;
  main.prepend(trouble);
  const overTime = document.getElementById("over-time");
  if (overTime === null) return;
  const tools = document.createElement("div");
  tools.className = "line tools";
  tools.append(chart.chooser(), pause);
  overTime.querySelector("h2").after(tools, place);
}

function setPaused(state) {
  paused = state;
  pause.textContent = paused ? "Go on" : "Pause";
  pause.setAttribute("aria-label", paused ? "Go on updating this page" : "Pause updates of this page");
  if (!paused) want();
}

// Something new may be there.
function want() {
  due = true;
  if (running || paused || document.hidden) return;
  const wait = Math.max(0, last + PACE_MS - Date.now());
  running = true;
  setTimeout(refresh, wait);
}

function isInUse(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input, select, button, summary");
}

async function refresh() {
  due = false;
  try {
    const [response] = await Promise.all([fetch(location.href, { headers: { accept: "text/html" } }), chart.refresh()]);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (next === null || isInUse(part) || next.innerHTML === part.dataset.shown) continue;
      part.dataset.shown = next.innerHTML;
      keepingPlace(part, () => part.replaceChildren(...next.childNodes));
    }
    const problem = fresh.querySelector("main > .trouble");
    say(response.ok ? "" : (problem?.textContent ?? `status ${response.status}`));
    // A page that began without figures has no parts to fill.
    if (response.ok && document.querySelector("[data-live]") === null) location.reload();
  } catch (error) {
    say(`The service does not answer: ${error.message}`);
  }
  last = Date.now();
  running = false;
  if (due) want();
}

function say(text) {
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.hidden = text === "";
}

// Whatever is replaced, what was opened stays open, and what was scrolled stays where it was.
function keepingPlace(part, replace) {
  const open = part.querySelector("details")?.open ?? false;
  const scrolled = [...part.querySelectorAll(".scroll")].map(({ scrollTop, scrollLeft }) => [scrollTop, scrollLeft]);
  const focused = [...part.querySelectorAll(".scroll")].indexOf(document.activeElement);
  replace();
  const details = part.querySelector("details");
  if (details !== null) details.open = open;
  part.querySelectorAll(".scroll").forEach((element, at) => {
    [element.scrollTop, element.scrollLeft] = scrolled[at] ?? [0, 0];
    if (at === focused) element.focus({ preventScroll: true });
  });
}

// The service says when something has come; ages grow by the clock. A page that nobody sees does not
// listen: browsers open only a few connections to one host, and others may be looked at.
let arrivals = null;

function listen() {
  if (arrivals !== null) return;
  arrivals = new EventSource("/v1/events/stream");
  arrivals.addEventListener("message", want);
}

function stopListening() {
  arrivals?.close();
  arrivals = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stopListening();
  } else {
    listen();
    want();
  }
});

setInterval(want, REFRESH_MS);

build();
chart.refresh();
listen();
