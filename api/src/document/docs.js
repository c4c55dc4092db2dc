// Sends the forms of the documentation page to the API and shows what comes back, as text.
"use strict";

const ANSWER_MAX_CHARS = 200000;

function address(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[data-in]")) {
    const value = field.value.trim();
    if (field.dataset.in === "path") {
      path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    } else if (value !== "") {
      const values = "many" in field.dataset ? value.split(/\s+/) : [value];
      values.forEach((each) => query.append(field.name, each));
    }
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

function readable(text, type) {
  let shown = text;
  if (/json/.test(type) && !/ndjson/.test(type)) {
    try {
      shown = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      shown = text;
    }
  }
  return shown.length > ANSWER_MAX_CHARS ? `${shown.slice(0, ANSWER_MAX_CHARS)}\n… cut` : shown;
}

async function send(form) {
  const outcome = form.querySelector(".outcome");
  const answer = form.querySelector(".answer");
  const url = address(form);
  outcome.textContent = "…";
  const started = performance.now();
  try {
    const response = await fetch(url);
    const text = await response.text();
    const milliseconds = Math.round(performance.now() - started);
    outcome.textContent = `${response.status} · ${milliseconds} ms · ${url}`;
    answer.textContent = readable(text, response.headers.get("content-type") ?? "");
  } catch (error) {
    outcome.textContent = `no answer: ${error.message}`;
    answer.textContent = "";
  }
  answer.hidden = answer.textContent === "";
}

for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

// On a narrow screen the contents would stand before everything else.
if (matchMedia("(max-width: 56rem)").matches) {
  document.querySelector(".side details").open = false;
}

// The examples name the address that this page came from.
for (const code of document.querySelectorAll(".example code")) {
  code.textContent = code.textContent.replace("http://localhost:5000", location.origin);
}
