// Looks at the pages of a running service in headless Chromium, as people see them: wide and narrow,
// light and dark, with and without JavaScript.
//
//   node check.mjs ADDRESS [DIRECTORY FOR SCREENSHOTS]
//
// Fails on an error in the console, a request to any other host, what axe-core finds, a page wider than
// its screen, and on what each page must show. Exits 0, or 1 and every finding.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

import puppeteer from "puppeteer-core";

const [address, directory] = process.argv.slice(2);
const origin = `http://${address}`;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const findings = [];

const SCREENS = [
  { name: "wide-light", width: 1280, height: 900, scheme: "light" },
  { name: "wide-dark", width: 1280, height: 900, scheme: "dark" },
  { name: "narrow-light", width: 360, height: 740, scheme: "light" },
  { name: "narrow-dark", width: 360, height: 740, scheme: "dark" },
];

function find(where, what) {
  findings.push(`${where}: ${what}`);
}

async function open(browser, screen, path, javascript = true) {
  const page = await browser.newPage();
  const where = `${path} ${screen.name}${javascript ? "" : " without JavaScript"}`;
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) find(where, `console: ${message.text()}`);
  });
  page.on("pageerror", (error) => find(where, `script: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) find(where, `asks ${url}`);
  });
  await page.setJavaScriptEnabled(javascript);
  await page.setViewport({ width: screen.width, height: screen.height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: screen.scheme }]);
  const response = await page.goto(`${origin}${path}`, { waitUntil: "load" });
  if (![200, 304].includes(response.status())) find(where, `status ${response.status()}`);
  return { page, where };
}

async function accessible(page, where, exclude = []) {
  // The page's policy lets no script in; the debugger may put one there all the same.
  await page.evaluate(axe);
  const { violations } = await page.evaluate((exclude) => window.axe.run({ exclude }), exclude);
  for (const { id, impact, nodes } of violations) {
    const places = nodes.slice(0, 3).map(({ target, failureSummary }) => `${target} ${failureSummary}`);
    find(where, `axe: ${id} (${impact}), ${nodes.length} times: ${places.join("; ")}`);
  }
}

async function fits(page, where) {
  const [wide, screen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  if (wide > screen) find(where, `is ${wide} pixels wide on a screen of ${screen}`);
}

async function picture(page, name, fullPage = true) {
  if (directory !== undefined) await page.screenshot({ path: join(directory, `${name}.png`), fullPage });
}

async function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent);
}

async function docs(browser, screen) {
  const { page, where } = await open(browser, screen, "/docs");
  await page.waitForSelector("#swagger .opblock");
  // What is inside Swagger UI is not ours to mend.
  await accessible(page, where, ["#swagger"]);
  await fits(page, where);
  await picture(page, `docs-${screen.name}`, false);
  await page.click("#operations-Operations-status button.opblock-summary-control");
  await page.waitForSelector("#operations-Operations-status .execute");
  await page.click("#operations-Operations-status .execute");
  await page.waitForSelector("#operations-Operations-status .live-responses-table .response");
  const answered = await text(page, "#operations-Operations-status .live-responses-table .response");
  if (!answered.includes("200")) find(where, `trying /v1/status answered ${answered.slice(0, 80)}`);
  await fits(page, `${where} with an answer`);
  await page.$eval("#operations-Operations-status", (element) => element.scrollIntoView());
  await picture(page, `docs-tried-${screen.name}`, false);
  await page.close();
}

async function docsWithoutJavaScript(browser, screen) {
  const { page, where } = await open(browser, screen, "/docs", false);
  const endpoints = await page.$$eval("#reference .endpoint", (all) => all.length);
  if (endpoints < 40) find(where, `lists ${endpoints} endpoints`);
  await fits(page, where);
  await picture(page, `docs-plain-${screen.name}`, false);
  await page.close();
}

// A repository with pull requests, of those that this service knows.
async function someRepository() {
  const answer = await fetch(`${origin}/v1/events?type=PullRequestEvent&limit=1`);
  return (await answer.json()).events[0]?.repo?.name ?? "rust-lang/rust";
}

async function dashboard(browser, screen, repository) {
  const { page, where } = await open(browser, screen, `/?repo=${encodeURIComponent(repository)}`);
  await page.waitForSelector(".chart canvas");
  for (const part of ["health", "types", "latest", "trending", "interval", "matrix", "sources"]) {
    const rows = await page.$$eval(`#${part} .card, #${part} tbody tr`, (all) => all.length);
    if (rows === 0) find(where, `${part} shows nothing`);
  }
  await accessible(page, where);
  await fits(page, where);
  await picture(page, `dashboard-${screen.name}`);
  await page.close();
}

// What comes later shows by itself, unless one has asked for a pause.
async function live(browser, screen) {
  const { page, where } = await open(browser, screen, "/");
  const kept = () => text(page, "#health");
  const before = await kept();
  await page.waitForFunction((before) => document.querySelector("#health").textContent !== before, { timeout: 60000 }, before);
  const pause = await page.$("#over-time button");
  await pause.focus();
  await page.keyboard.press("Enter");
  if ((await pause.evaluate((button) => button.textContent)) !== "Go on") find(where, "Enter does not pause");
  // From there a keyboard reaches the form and asks.
  await page.focus("#repo");
  await page.keyboard.type("no-such/repository");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  const answer = await text(page, "#interval");
  if (!answer.includes("No event of no-such/repository")) find(where, `the form answers ${answer}`);
  await page.close();
}

async function dashboardWithoutJavaScript(browser, screen, repository) {
  const { page, where } = await open(browser, screen, `/?repo=${encodeURIComponent(repository)}`, false);
  const rows = await page.$$eval("tbody tr", (all) => all.length);
  if (rows < 30) find(where, `shows ${rows} rows`);
  await fits(page, where);
  await picture(page, `dashboard-plain-${screen.name}`);
  await page.close();
}

if (directory !== undefined) mkdirSync(directory, { recursive: true });
const browser = await puppeteer.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  const repository = await someRepository();
  for (const screen of SCREENS) await dashboard(browser, screen, repository);
  await live(browser, SCREENS[0]);
  await dashboardWithoutJavaScript(browser, SCREENS[0], repository);
  await dashboardWithoutJavaScript(browser, SCREENS[2], repository);
  for (const screen of SCREENS) await docs(browser, screen);
  await docsWithoutJavaScript(browser, SCREENS[0]);
  await docsWithoutJavaScript(browser, SCREENS[2]);
} catch (error) {
  find("it stopped", error.message);
} finally {
  await browser.close();
}
for (const finding of findings) console.error(finding);
console.log(`${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
