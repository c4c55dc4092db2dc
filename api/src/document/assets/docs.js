// Puts Swagger UI in the place of the plain list of endpoints. It speaks to the service that this page
// came from and to nobody else.
"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");

// Swagger UI has colours for the dark, but does not look for them by itself.
function followColours() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

followColours();
dark.addEventListener("change", followColours);

const plain = document.getElementById("reference");
const shown = document.createElement("div");
shown.id = "swagger";

// The plain list reads better aloud, and prints.
const swap = document.createElement("button");
swap.type = "button";

function show(interactive) {
  shown.hidden = !interactive;
  plain.hidden = interactive;
  swap.textContent = interactive ? "Show as a plain list" : "Show with forms to try";
}

swap.addEventListener("click", () => show(shown.hidden));

SwaggerUIBundle({
  url: "/openapi.json",
  domNode: shown,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  filter: true,
  tryItOutEnabled: true,
  // Otherwise the document is sent to a host elsewhere to be looked at.
  validatorUrl: null,
  onComplete: () => {
    plain.before(swap, shown);
    // This page has a main part already.
    shown.querySelector("main")?.setAttribute("role", "presentation");
    show(true);
  },
});
