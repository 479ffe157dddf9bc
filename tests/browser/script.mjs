// app.js on a page of our own: keys, live updates, times, what a stream's end and refusal do.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { open_browser, open_tab, axe_faults } from "./browser.mjs";
import { tap } from "./tap.mjs";

const { check, end } = tap();
const asset = (name) => readFileSync(new URL(`../../web/assets/${name}`, import.meta.url));
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
  + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

// ---- the page and its stream

const state = { is_refusing: false, is_open: true, progress: 1, loads: 0, asked: [] };
let streams = [];

function say(name, data, id) {
  for (const stream of streams) stream.write(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function row(name, states) {
  const cells = states.map((word, i) => word ? `<td><a class="c ${word}" href="#${name}-${i}"
    data-node="${name}" tabindex="-1">${word}</a></td>` : "<td></td>");
  return `<tr data-run="7"><th scope="row"><a href="#${name}">${name}</a></th>${cells.join("")}</tr>`;
}

const page = () => `<!doctype html><html lang="en" data-copy="Copy" data-copied="Copied"><head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Script</title>
<link rel="stylesheet" href="/app.css"><script src="/app.js" defer></script></head><body>
<a class="skip" href="#main">Skip</a><header class="top"><div><nav aria-label="Main">
<a href="/" data-key="f">Flows</a> <a href="/runs" data-key="r">Runs</a></nav>
<form class="search" role="search"><input name="q" type="search" aria-label="Search"></form></div></header>
<main id="main" data-run="7" ${state.is_open ? `data-live="/events?run=7&amp;after=40"` : ""}>
<h1>Run 7 <span class="state running" data-node="">running</span></h1>
<p><time id="when" datetime="2021-11-12T02:30:00+08:00">2021-11-12 02:30:00</time>
<time id="ago" class="ago" datetime="${new Date(Date.now() - 3 * 3600e3).toISOString()}">then</time>
<span id="since" data-since="${new Date(Date.now() - 65e3).toISOString()}">1m 05s</span></p>
<p class="cli"><code>datemill rerun 7</code></p>
<svg width="200" height="40" role="img" aria-label="Graph"><g class="node running" data-node="load">
<rect class="box" width="90" height="30"/><text class="glyph" x="4" y="20">▶</text></g></svg>
<div class="gridbox" tabindex="0" role="region" aria-label="Grid"><table class="grid"><thead>
<tr><td></td><th scope="col">1</th><th scope="col">2</th><th scope="col">3</th></tr></thead><tbody>
${row("load", ["success", "", "running"])}${row("sum", ["failed", "success", "waiting"])}
${row("mail", ["", "success", "waiting"])}</tbody></table></div>
<div id="progress" data-part><p>${state.progress} of 9</p><a id="again" href="#again">again</a></div>
<pre class="log" data-log="7/load/1" tabindex="0" role="region" aria-label="Log">${
  [...Array(60).keys()].map((i) => `<span class="l" id="L${i}">line ${i}</span>`).join("")}</pre>
</main><dialog id="keys" aria-label="Keys"><form method="dialog"><button>Close</button></form></dialog>
</body></html>`;

const server = createServer((request, answer) => {
  const { pathname, search } = new URL(request.url, "http://x");
  if (pathname === "/events") {
    state.asked.push(search);
    if (state.is_refusing) return answer.writeHead(503, { "Retry-After": "5" }).end();
    answer.writeHead(200, { "Content-Type": "text/event-stream" }).write("retry: 200\n\n");
    streams.push(answer);
    request.on("close", () => { streams = streams.filter((one) => one !== answer); });
    return undefined;
  }
  const type = { "/app.css": "text/css", "/app.js": "text/javascript" }[pathname];
  if (type) return answer.writeHead(200, { "Content-Type": type }).end(asset(pathname.slice(1)));
  if (pathname === "/favicon.ico") return answer.writeHead(204).end();
  state.loads += 1;
  return answer.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": policy }).end(page());
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const home = `http://127.0.0.1:${server.address().port}/`;

async function until(test, text) {
  const last = Date.now() + 9000;
  let value = false;
  while (!(value = await test()) && Date.now() < last) await new Promise((done) => setTimeout(done, 20));
  return check(value, text);
}

// ---- what it does

const browser = await open_browser();
const { tab, faults, close } = await open_tab(browser, { timezoneId: "America/New_York" });
const classes = (selector) => tab.locator(selector).getAttribute("class");
const focus = () => tab.evaluate(() => document.activeElement.getAttribute("href") || document.activeElement.name);
await tab.goto(home);

check((await axe_faults(tab)).length === 0, "axe finds nothing on the page", (await axe_faults(tab)).join("\n"));
check((await tab.getAttribute("#when", "title")).includes("11 November 2021")
  || (await tab.getAttribute("#when", "title")).includes("11/11/2021"), "a time shows the browser's zone when pointed at");
check(await tab.textContent("#ago") === "3 hours ago", "a time is told from now", await tab.textContent("#ago"));
check(/^1m (05|06|07|08|09|1.)s$/.test(await tab.textContent("#since")), "what lasts counts up");
check(await tab.locator(".cli button").textContent() === "Copy", "a command gets a button to copy it");

// keys in the grid
const stops = await tab.locator(".grid a.c[tabindex='0']").count();
check(stops === 1, "the grid is one tab stop", stops);
await tab.locator(".grid a.c[tabindex='0']").focus();
const walk = async (key, to) => {
  await tab.keyboard.press(key);
  check(await focus() === to, `${key} goes to ${to}`, await focus());
};
check(await focus() === "#mail-2", "it begins at the newest, last", await focus());
await walk("ArrowUp", "#sum-2");
await walk("ArrowLeft", "#sum-1");
await walk("ArrowUp", "#sum-1"); // a hole above: stays, none is further up
await walk("Home", "#sum-0");
await walk("ArrowUp", "#load-0");
await walk("ArrowRight", "#load-2"); // over the hole
await walk("ArrowRight", "#load-2");
await walk("Control+End", "#mail-2");
await walk("Control+Home", "#load-0");
await walk("End", "#load-2");
await tab.keyboard.press("Enter");
check(new URL(tab.url()).hash === "#load-2", "Enter opens a cell");
check(await tab.locator(".grid a.c[tabindex='0']").count() === 1, "it stays one tab stop");

// other keys
await tab.keyboard.press("/");
check(await focus() === "q", "/ goes to the search");
await tab.keyboard.type("g?n/");
check(await tab.inputValue("[name=q]") === "g?n/", "keys are letters in a field");
await tab.locator("body").click({ position: { x: 5, y: 600 } });
await tab.keyboard.press("?");
check(await tab.locator("#keys").isVisible(), "? opens the help");
await tab.keyboard.press("Escape");
await tab.locator("#keys").waitFor({ state: "hidden" });
await tab.keyboard.press("n");
await until(async () => (await focus()) === "#sum-0", "n goes to what failed");

// live
await until(() => streams.length === 1, "the page listens");
check(state.asked[0] === "?run=7&after=40", "from what it shows on", state.asked[0]);
say("node", { run: 7, node: "load", state: "failed", label: "fehlgeschlagen" }, 41);
await until(async () => (await classes("[href='#load-2']")).includes("failed"), "a cell takes the state of its node");
check(await tab.textContent("[href='#load-2']") === "fehlgeschlagen", "and the word in the page's language");
check(await classes("svg .node") === "node failed", "so does the node of the graph");
check(await tab.textContent("svg .glyph") === "✗", "with its glyph");
check((await classes("[href='#sum-1']")).includes("success"), "others stay");
say("node", { run: 8, node: "sum", state: "failed", label: "failed" }, 42);
say("run", { run: 7, state: "failed", label: "failed" }, 43);
await until(async () => await classes("h1 .state") === "state failed", "the run's own state follows");
check((await classes("[href='#sum-1']")).includes("success"), "another run's events are not ours");
state.progress = 5;
await tab.locator("#again").focus();
say("date", {}, 44);
await until(async () => (await tab.textContent("#progress p")) === "5 of 9", "parts are taken over from the page");
check(await focus() === "#again", "and the focus stays");
const at_end = () => tab.evaluate(() => {
  const log = document.querySelector(".log");
  return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
});
check(await at_end(), "the log begins at its end");
say("log", { run: 7, node: "load", try: 1, line: 60, text: "<b>line</b> 60\n" }, 45);
say("log", { run: 7, node: "load", try: 1, line: 60, text: "twice" }, 46);
say("log", { run: 7, node: "load", try: 2, line: 61, text: "another try" }, 47);
await until(async () => await tab.locator(".log .l").count() === 61, "a line is added");
check(await tab.textContent("#L60") === "<b>line</b> 60", "as text");
check(await at_end(), "and the log stays at its end");
await tab.evaluate(() => { document.querySelector(".log").scrollTop = 0; });
say("log", { run: 7, node: "load", try: 1, line: 61, text: "more" }, 48);
await until(async () => await tab.locator(".log .l").count() === 62, "another line is added");
check(await tab.evaluate(() => document.querySelector(".log").scrollTop === 0), "who reads further up is left there");

// hidden: chromium hides no tab of ours, so the page is told that it is
const hide = (is_hidden) => tab.evaluate((value) => {
  Object.defineProperty(document, "hidden", { value, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}, is_hidden);
await hide(true);
await until(() => streams.length === 0, "a hidden page hangs up");
await hide(false);
await until(() => streams.length === 1, "and listens again when it is seen");
check(state.asked.at(-1) === "?run=7&after=48", "from the last event on", state.asked.at(-1));

// the end
const loads = state.loads;
state.is_open = false;
say("end", {}, 49);
await until(() => state.loads === loads + 1, "the end loads the page");
await new Promise((done) => setTimeout(done, 500));
check(state.loads === loads + 1 && streams.length === 0, "once");
check(faults.length === 0, "no error on the console", faults.join("\n"));

// refused: polls
Object.assign(state, { is_open: true, is_refusing: true, progress: 6 });
const asked = state.asked.length;
await tab.goto(home);
state.progress = 7;
await until(async () => (await tab.textContent("#progress p")) === "7 of 9", "without a stream the page is asked for");
check(state.asked.length === asked + 1, "and the stream is left alone", state.asked.length - asked);
state.is_open = false;
const polled = state.loads;
await until(() => state.loads >= polled + 2, "when nothing is open any more the page is loaded");

await close();
await browser.close();
server.closeAllConnections();
server.close();
end();
