// Debian's chromium by playwright-core, which run.sh has put in $BROWSER_MODULES. Whatever a page says
// on the console as an error, a violation of its policy, or asks of another host is a fault.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.BROWSER_MODULES, "here.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export function open_browser() {
  return chromium.launch({
    executablePath: process.env.DATEMILL_CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
  });
}

export const looks = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true },
};

// A tab with `faults`, the list of what went wrong in it; `options` are those of a context.
export async function open_tab(browser, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", ...looks.light, ...options });
  const tab = await context.newPage();
  const faults = [];
  tab.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  tab.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  tab.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== "data:" && hostname !== "127.0.0.1") faults.push(`asks ${request.url()}`);
  });
  tab.setDefaultTimeout(10000);
  return { tab, faults, close: () => context.close() };
}

// Violations of WCAG 2.2 A and AA and of good practice, one line each.
const everything = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
export async function axe_faults(tab, rules = everything) {
  await tab.evaluate(axe);
  const { violations } = await tab.evaluate((runOnly) => globalThis.axe.run(document, {
    runOnly, resultTypes: ["violations"],
  }), rules);
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} (${node.any[0]?.message
      || node.failureSummary})`).join(" | ")}`);
}

// How far the page itself, not a part of it, can be scrolled sideways.
export const overflow = (tab) =>
  tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
