// Every page, as people see it: scripts on and off, light, dark, on a phone, in both languages; then
// what people do: walk the grid with keys, change the language, watch a backfill.
// $page is the server's address, $project the project's folder (fixture.bash), $BROWSER_PICTURES where
// screenshots go.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open_browser, open_tab, axe_faults, looks, overflow } from "./browser.mjs";
import { tap } from "./tap.mjs";

const { check, end } = tap();
const home = process.env.page;
const project = process.env.project;
const pictures = process.env.BROWSER_PICTURES;
if (pictures) mkdirSync(pictures, { recursive: true });
const long = "a_flow_with_the_longest_name_that_there_can_be_of_63_letters_ok";

// NAME: path, and what must be read on the page. The runs have the numbers of fixture.bash.
const pages = {
  flows: ["/", "smartrm_study"],
  grid: ["/flows/smartrm_study", "order_succeeded_sync"],
  "grid-failed": ["/flows/smartrm_study?rows=failed&cols=20", "order_succeeded_sync"],
  "grid-older": ["/flows/smartrm_study?to=2021-11-05", "2021-10"],
  "grid-hours": ["/flows/every_hour", "2021-11-12"],
  "grid-wide": ["/flows/wide", "node_199"],
  "grid-long": [`/flows/${long}`, long],
  "grid-open": ["/flows/gate", "wait_for_the_gate"],
  "grid-before": ["/flows/smartrm_study?to=1999-12-31", "2021-10-28"],
  "grid-behind": ["/flows/smartrm_study?from=2022-01-01&to=2022-02-01", "2021-11-11"],
  "grid-empty": ["/flows/never_ran", "datemill run never_ran"],
  "grid-wrong": ["/flows/wrong", "shedule"],
  date: ["/flows/smartrm_study/dates/2021-11-10", "order_succeeded_sync"],
  "date-failed": ["/flows/smartrm_study/dates/2021-11-04", "no source file"],
  definition: ["/flows/smartrm_study/definition", "INSERT OVERWRITE TABLE sales_stat"],
  "definition-wide": ["/flows/wide/definition", "node_199"],
  "definition-wrong": ["/flows/wrong/definition", "shedule"],
  node: ["/flows/smartrm_study/nodes/sales_stat", "commodity_sync"],
  run: ["/runs/15", "20211111"],
  "run-failed": ["/runs/8", "no source file for business date 2021-11-04"],
  "run-retried": ["/runs/17", "green and red <script>alert(1)</script> 中文"],
  "run-by-hand": ["/runs/29", "counted by hand"],
  "run-open": ["/runs/49", "wait_for_the_gate"],
  "run-wide": ["/runs/46", "node_199"],
  "run-sorted": ["/runs/15?sort=duration", "sales_stat"],
  attempt: ["/runs/17/nodes/second?try=1", "Error: not yet"],
  backfills: ["/backfills", "smartrm_study"],
  backfill: ["/backfills/1", "2021-11-04"],
  "backfill-open": ["/backfills/4", "gate"],
  "backfill-new": ["/backfills/new", "smartrm_study"],
  "backfill-preview": ["/backfills/new?flow=smartrm_study&from=2021-11-01&to=2021-11-20",
    "datemill backfill smartrm_study 2021-11-01..2021-11-20"],
  "run-version": ["/runs/15/diff", "smartrm_study"],
  data: ["/data", "order_succeeded_event"],
  table: ["/data/sales_stat", "dt=20211111"],
  "table-rows": ["/data/sales_stat?dt=20211110", "可口可乐"],
  runs: ["/runs", "order_succeeded_sync"],
  "runs-failed": ["/runs?q=flow:smartrm*+state:failed", "no source file"],
  health: ["/health", "datemill"],
  login: ["/login", "datemill web open"],
  "run-date": ["/flows/smartrm_study/run?date=2021-11-04", "datemill run smartrm_study 2021-11-04"],
  "rerun": ["/runs/8/rerun?from=failed", "datemill rerun 8 --from-failed"],
  "mark": ["/runs/8/mark?node=sales_stat&as=success", "datemill mark 8 sales_stat success"],
  "freeze": ["/flows/smartrm_study/freeze", "datemill freeze smartrm_study"],
  "run-diff": ["/runs/8/diff", "the files are the same"],
  "date-none": ["/flows/smartrm_study/dates/2021-12-24", "datemill run smartrm_study 2021-12-24"],
};
// The same for what does not work: its status, too.
const mistakes = {
  "no-flow": ["/flows/smartrm_stud", 404, "smartrm_study"],
  "no-page": ["/nowhere", 404, "/nowhere"],
  "bad-date": ["/flows/smartrm_study?to=2021-02-30", 400, "2021-02-30"],
  "bad-query": ["/runs?q=sttae:failed", 400, "state"],
  "no-run": ["/runs/4711", 404, "4711"],
  "no-backfill": ["/backfills/4711", 404, "4711"],
  "no-node": ["/flows/smartrm_study/nodes/sales_stats", 404, "sales_stat"],
  "no-table": ["/data/sales_stats", 404, "sales_stat"],
  "bad-name": ["/flows/smartrm_study?form=2021-11-01", 400, "from"],
};

const browser = await open_browser();

// ---- each page

const tabs = {
  light: await open_tab(browser, looks.light),
  dark: await open_tab(browser, looks.dark),
  phone: await open_tab(browser, looks.phone),
  zh: await open_tab(browser, { ...looks.light, locale: "zh-CN" }),
  off: await open_tab(browser, { ...looks.light, javaScriptEnabled: false }),
};

// What axe looks for: everything once, then what a look can change.
const rules = {
  light: undefined,
  dark: ["color-contrast"],
  phone: ["target-size", "scrollable-region-focusable", "color-contrast"],
};

async function look(name, kind, path, status) {
  const { tab, faults } = tabs[kind];
  faults.length = 0;
  const answer = await tab.goto(home + path, { waitUntil: "load" });
  const wrong = answer.status() === status ? [] : [`status ${answer.status()}`];
  // the browser tells a 404 on the console, which is what was asked for here
  wrong.push(...faults.filter((fault) => status < 400 || !/the server responded with/.test(fault)));
  const heading = await tab.locator("h1").allTextContents();
  if (heading.length !== 1) wrong.push(`${heading.length} headings`);
  if (kind in rules) wrong.push(...await axe_faults(tab, rules[kind]));
  if (await overflow(tab) > 0) wrong.push(`${await overflow(tab)} pixels too wide`);
  const lang = await tab.getAttribute("html", "lang");
  if (lang !== (kind === "zh" ? "zh-CN" : "en")) wrong.push(`in ${lang}`);
  if (pictures && looks[kind]) await tab.screenshot({ path: join(pictures, `${name}-${kind}.png`), fullPage: true });
  check(wrong.length === 0, `${name}, ${kind}: ${path}`, wrong.join("\n"));
  return { heading: heading.join(), text: await tab.locator("main").innerText() };
}

for (const [name, entry] of [...Object.entries(pages), ...Object.entries(mistakes)]) {
  const [path, status, text] = entry.length === 3 ? entry : [entry[0], 200, entry[1]];
  const seen = {};
  const kinds = status === 200 ? Object.keys(tabs) : ["light", "zh", "off"];
  await Promise.all(kinds.map(async (kind) => {
    seen[kind] = await look(name, kind, path, status);
  }));
  check(seen.light.text.includes(text), `${name} says \`${text}\``, seen.light.text);
  check(seen.off.heading === seen.light.heading && seen.off.text.includes(text),
    `${name} says the same with scripts off`, seen.off.text);
  check(/[\u4e00-\u9fff]/.test(seen.zh.text), `${name} speaks Chinese`, seen.zh.text);
}
for (const { close } of Object.values(tabs)) await close();

// ---- what people do

const { tab, faults, close } = await open_tab(browser);
const path = () => tab.url().slice(home.length);

async function until(test, text) {
  const last = Date.now() + 15000;
  let value = false;
  while (!(value = await test()) && Date.now() < last) await tab.waitForTimeout(50);
  return check(value, text);
}

// the grid by keys alone
await tab.goto(`${home}/flows/smartrm_study`);
const focus = () => tab.evaluate(() => document.activeElement.getAttribute("href"));
for (let i = 0; i < 60 && !(await tab.evaluate(() => document.activeElement.matches("td a.c"))); i++)
  await tab.keyboard.press("Tab");
check(await focus() === "/runs/15#n-sales_stat", "Tab comes to the newest cell of the grid", await focus());
await tab.keyboard.press("ArrowUp");
check(await focus() === "/runs/15#n-order_succeeded_sync", "up is the node before", await focus());
await tab.keyboard.press("ArrowLeft");
check(await focus() === "/runs/16#n-order_succeeded_sync", "left is the date before, in its newest run",
  await focus());
await tab.keyboard.press("Home");
check(await focus() === "/runs/1#n-order_succeeded_sync", "Home is the oldest date", await focus());
await tab.keyboard.press("n");
check(await focus() === "/runs/8", "n is what failed first", await focus());
await tab.keyboard.press("n");
check(await focus() === "/runs/8#n-order_succeeded_sync", "and again the next", await focus());
await tab.keyboard.press("Tab");
check(!(await tab.evaluate(() => document.activeElement.matches("td a.c"))), "Tab leaves the grid");

await tab.keyboard.press("?");
check(await tab.locator("#keys").isVisible(), "? tells the keys");
check((await axe_faults(tab)).length === 0, "in a form that axe likes", (await axe_faults(tab)).join("\n"));
await tab.keyboard.press("Escape");
await tab.locator("#keys").waitFor({ state: "hidden" });
await tab.keyboard.press("g");
await tab.keyboard.press("f");
await tab.waitForURL(`${home}/`);
check(path() === "/", "g f goes to the flows", path());

// dates and their pages
await tab.goto(`${home}/flows/smartrm_study`);
await tab.locator("thead a", { hasText: "10" }).click();
check(path() === "/flows/smartrm_study/dates/2021-11-10", "a date of the head leads to its page", path());
check(await tab.locator("tbody").first().locator("tr").count() === 2, "which lists both runs");
await tab.goto(`${home}/flows/smartrm_study?cols=20&to=2021-11-08`);
await tab.getByRole("link", { name: "newer →" }).click();
check(path() === "/flows/smartrm_study?cols=20&from=2021-11-09", "newer goes on where it ended", path());
check(await tab.locator(".run-row a.c").count() === 15, "and fills the page that has no more");

const tagged = await tab.request.get(`${home}/flows/smartrm_study`);
const again = await tab.request.get(`${home}/flows/smartrm_study`,
  { headers: { "If-None-Match": tagged.headers().etag } });
check(again.status() === 304, "what has not changed is not sent again", again.status());

// another language, kept
await tab.getByRole("link", { name: "中文" }).click();
check(await tab.getAttribute("html", "lang") === "zh-CN", "the footer changes the language");
check(path().includes("from=2021-11-09"), "of the same page", path());
await tab.goto(`${home}/flows/smartrm_study`);
check((await tab.locator(".legend").innerText()).includes("上游失败"), "and it stays");
await tab.getByRole("link", { name: "English" }).click();
check(await tab.getAttribute("html", "lang") === "en", "there and back");

// from a failure to its reason, in the log, in one click
await tab.goto(`${home}/runs`);
await tab.locator("tr", { hasText: "no source file" }).getByRole("link", { name: "8", exact: true }).click();
check((await tab.locator(".why").innerText()).includes("no source file"), "a failed run says why, first");
await tab.locator(".why").getByRole("link", { name: /Jump/ }).click();
check(await tab.locator(".l:target").innerText().then((text) => text.includes("no source file")),
  "and leads to the line of the log");
check(await tab.locator("svg.graph .node.failed, svg.graph .failed").count() > 0, "the graph shows which node");
check(await tab.locator(".log").first().evaluate((log) => log.querySelectorAll("script, b").length) === 0,
  "a log is text");

// rows just written, and how they came
await tab.goto(`${home}/data`);
await tab.getByRole("link", { name: "sales_stat" }).click();
check((await tab.locator("main").innerText()).includes("可口可乐"), "a table shows its rows");
await tab.locator("tr", { hasText: "dt=20211109" }).getByRole("link", { name: "13", exact: true }).click();
check(path().startsWith("/runs/13"), "a partition leads to the run that wrote it", path());

// a change: not without a session, then with one
await tab.goto(`${home}/runs/8/rerun?from=failed`);
check(await tab.locator("form[method=post] button.primary").count() === 0, "who has not signed in has no button");
await tab.goto(process.env.sign_in);
check(path() === "/", "the link signs in", path());
check((await tab.locator("footer").innerText()).includes("signed in as"), "and the footer says as whom");
copyFileSync(join(project, "data/event/OrderSucceededEvent/20211105data"),
  join(project, "data/event/OrderSucceededEvent/20211104data"));
await tab.goto(`${home}/flows/smartrm_study`);
await tab.locator(".run-row a.failed").focus();
await tab.goto(`${home}/runs/8/rerun?from=failed`);
await tab.getByLabel("Reason").fill("the file has come");
await tab.locator("form[method=post] button.primary").click();
await until(async () => {
  await tab.goto(`${home}/flows/smartrm_study/dates/2021-11-04`);
  return await tab.locator("tbody").first().locator(".state.success").count() === 1;
}, "a failed run is rerun, and goes well");
await tab.goto(`${home}/flows/flaky/freeze`);
await tab.getByLabel("Reason").fill("vendor is away");
await tab.locator("form[method=post] button.primary").click();
await tab.goto(`${home}/flows/flaky`);
check((await tab.locator(".banner.frozen").innerText()).includes("vendor is away"), "a flow is frozen, with the reason");
await tab.getByRole("link", { name: "Unfreeze…" }).click();
await tab.locator("form[method=post] button.primary").click();
await tab.goto(`${home}/flows/flaky`);
check(await tab.locator(".banner.frozen").count() === 0, "and free again");

// live: the grid of a flow that runs, not loaded again
await tab.goto(`${home}/flows/gate`);
await tab.evaluate(() => { globalThis.is_same = true; });
const cell = tab.locator("[href$='#n-wait_for_the_gate'][title*='2021-11-02']");
check((await cell.getAttribute("class")).includes("running"), "a node runs");
await cell.focus();
writeFileSync(join(project, "gates/2021-11-02"), "");
await until(async () => (await cell.getAttribute("class")).includes("success"), "and is done, as the page shows by itself");
check(await focus() === await cell.getAttribute("href"), "the focus stays where it is", await focus());
check(await tab.evaluate(() => globalThis.is_same === true), "all that without loading the page");

// live: a backfill on its own page, to its end
await tab.goto(`${home}/backfills/4`);
await tab.evaluate(() => { globalThis.is_same = true; });
check(await tab.locator(".dates .c.running").count() === 2, "two dates run at once");
writeFileSync(join(project, "gates/2021-11-03"), "");
await until(async () => await tab.locator(".dates .c.success").count() === 1, "a date is done, as the page shows by itself");
check(await tab.evaluate(() => globalThis.is_same === true), "without loading it");
const watching = await tab.context().newPage();
await watching.goto(`${home}/flows/gate`);
writeFileSync(join(project, "gates/all"), "");
await until(async () => await tab.locator(".dates .c.success").count() === 10, "the others follow");
await until(async () => await tab.locator("h1 .state.success").count() === 1, "until it is success");
await until(async () => await watching.locator(".banner").count() === 0, "its banner leaves the grid");
check(await watching.locator(".run-row a.success").count() === 12, "where all dates are green");

// a backfill from the page: what it would do, then do it
await tab.goto(`${home}/flows/flaky`);
await tab.getByRole("link", { name: "Backfill…" }).click();
await tab.locator("[name=from]").fill("2021-11-01");
await tab.locator("[name=to]").fill("2021-11-11");
await tab.locator("main form[method=get] button, main form:not([method=post]) button").first().click();
check((await tab.locator("main").innerText()).includes("7 dates to run"), "the preview counts the dates",
  await tab.locator("main").innerText());
await tab.locator("form[method=post] button.primary").click();
await tab.waitForURL(/backfills\/5/);
await until(async () => await tab.locator("h1 .state.success").count() === 1, "it runs to its end");
check(await tab.locator(".dates .c.success").count() >= 7, "all dates are green");
check(faults.length === 0, "nothing went wrong on the way", faults.join("\n"));
await close();

await browser.close();
end();
