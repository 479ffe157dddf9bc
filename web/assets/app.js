"use strict";
// Pages work without it. What it looks for in them: README.md
{
const $ = (selector) => document.querySelector(selector);
const $$ = (selector, top = document) => [...top.querySelectorAll(selector)];
const html = document.documentElement, cell = "td a.c, li a.c";
const states = "waiting running success failed blocked stopped skipped frozen".split(" ");

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// ---- times

function ago(date) {
  let n = (date - Date.now()) / 1000, unit = "second";
  for (const [many, next] of [[60, "minute"], [60, "hour"], [24, "day"], [30, "month"]]) {
    if (Math.abs(n) < many) break;
    n /= many;
    unit = next;
  }
  return new Intl.RelativeTimeFormat(html.lang, { numeric: "auto" }).format(Math.trunc(n), unit);
}

function lasted(since) {
  const s = Math.max(0, Math.floor((Date.now() - Date.parse(since)) / 1000));
  const m = Math.floor(s / 60), two = (n) => String(n % 60).padStart(2, "0");
  return s < 60 ? `${s}s` : m < 60 ? `${m}m ${two(s)}s` : `${Math.floor(m / 60)}h ${two(m)}m`;
}

function tick() {
  for (const time of $$("time[datetime]")) {
    const date = new Date(time.dateTime), is_ago = time.matches(".ago");
    time.title ||= `${time.textContent} · ${date.toLocaleString(html.lang, { timeZoneName: "short" })}`;
    if (is_ago) put(time, ago(date));
  }
  for (const element of $$("[data-since]")) put(element, lasted(element.dataset.since));
}

// ---- live updates

let source, cursor, poll, due, is_over;

function on_state({ run, node, state, label }) {
  for (const top of $$(`[data-node="${CSS.escape(node || "")}"]`)) {
    if (top.closest("[data-run]")?.dataset.run != run) continue;
    for (const element of [top, ...$$(".state", top)]) {
      element.classList.remove(...states);
      element.classList.add(state);
      if (element.matches(".c, .state")) put(element, label);
    }
    const badge = getComputedStyle(top).getPropertyValue("--b").trim().slice(1, -1);
    for (const glyph of $$(".glyph", top)) put(glyph, badge);
  }
  refresh_soon();
}

function on_log({ run, node, try: number, line, text }) {
  const log = $(`.log[data-log="${CSS.escape(`${run}/${node}/${number}`)}"]`);
  if (!log || $(`#L${line}`)) return;
  const is_at_end = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const row = document.createElement("span");
  row.className = "l";
  row.id = `L${line}`;
  row.textContent = text.replace(/\n$/, "");
  log.append(row);
  if (is_at_end) log.scrollTop = log.scrollHeight;
}

// Asks for the page again and takes over the parts that differ.
async function refresh(is_poll) {
  due = 0;
  const answer = await fetch(location.href).catch(() => 0);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const old of $$("[data-part]")) {
    const fresh = page.getElementById(old.id), focus = document.activeElement;
    if (!fresh || fresh.innerHTML === old.drawn) continue;
    const href = old.contains(focus) && focus.getAttribute("href");
    const left = $$(".gridbox", old)[0]?.scrollLeft;
    old.drawn = fresh.innerHTML;
    old.replaceChildren(...fresh.childNodes);
    for (const box of $$(".gridbox", old)) box.scrollLeft = left;
    if (href) $$(`[href="${CSS.escape(href)}"]`, old)[0]?.focus();
  }
  ready();
  if (page.querySelector("[data-live]")) return;
  stop(true);
  if (is_poll) location.reload(); // as at the end of a stream
}

function refresh_soon() {
  if ($("[data-part]")) due ||= setTimeout(refresh, 1000, false);
}

function stop(is_end) {
  is_over ||= is_end;
  source?.close();
  clearInterval(poll);
  source = poll = null;
}

function listen() {
  const live = $("[data-live]")?.dataset.live;
  if (!live || is_over || source || poll || document.hidden) return;
  const url = new URL(live, location.href);
  if (cursor) url.searchParams.set("after", cursor);
  source = new EventSource(url);
  const hear = (name, act) => source.addEventListener(name, (event) => {
    cursor = event.lastEventId || cursor;
    act(JSON.parse(event.data || "{}"));
  });
  hear("node", on_state);
  hear("run", on_state);
  hear("log", on_log);
  hear("date", refresh_soon);
  hear("backfill", refresh_soon);
  hear("end", () => { stop(true); location.reload(); });
  source.onerror = () => { // refused, as when all streams are taken: ask now and then
    if (source?.readyState !== EventSource.CLOSED) return;
    stop();
    poll = setInterval(refresh, 5000, true);
  };
}

document.addEventListener("visibilitychange", () => document.hidden ? stop() : listen());
addEventListener("pagehide", () => stop());
addEventListener("pageshow", listen);

// ---- keys

// The nearest cell in a direction; rows have holes.
function neighbour(cells, from, dx, dy) {
  const at = from.getBoundingClientRect();
  let best, least = Infinity;
  for (const to of cells) {
    const { left, top } = to.getBoundingClientRect(), x = left - at.left, y = top - at.top;
    const ahead = x * dx + y * dy, aside = Math.abs(x * dy + y * dx);
    if (ahead > 8 && aside < 12 && ahead < least) [best, least] = [to, ahead];
  }
  return best;
}

function rove(cells, to) {
  for (const one of cells) one.tabIndex = one === to ? 0 : -1;
}

function move(event, from) {
  const { key } = event, cells = $$(cell, from.closest(".grid, .dates"));
  const line = event.ctrlKey ? cells : $$("a.c", from.closest("tr, ol"));
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const to = step ? neighbour(cells, from, ...step)
    : key === "Home" ? line[0] : key === "End" ? line.at(-1) : null;
  if (to === null) return;
  event.preventDefault();
  if (!to) return;
  rove(cells, to);
  to.focus();
}

let is_going = 0;
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.altKey || event.metaKey || target.closest("input, select, textarea, dialog")) return;
  if (target.matches(cell)) move(event, target);
  if (event.defaultPrevented || event.ctrlKey) return;
  const go = is_going && $(`nav [data-key="${CSS.escape(key)}"]`);
  clearTimeout(is_going);
  is_going = key === "g" && setTimeout(() => { is_going = 0; }, 1500);
  if (go) go.click();
  else if (key === "/") $(".search input")?.focus();
  else if (key === "?") $("#keys")?.showModal();
  else if (key === "n") {
    const all = $$("main :is(a.failed, .failed a)");
    (all[all.indexOf(document.activeElement) + 1] || all[0])?.focus();
  } else return;
  event.preventDefault();
});

// ---- a page, or a part of it, is there

function ready() {
  for (const box of $$(".grid, .dates")) {
    const cells = $$(cell, box);
    rove(cells, cells.includes(document.activeElement) ? document.activeElement : cells.at(-1));
  }
  for (const code of $$(".cli:not(:has(button)) code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = html.dataset.copy;
    button.onclick = async () => {
      await navigator.clipboard.writeText(code.textContent);
      put(button, html.dataset.copied);
    };
    code.after(button);
  }
  tick();
}

for (const part of $$("[data-part]")) part.drawn = part.innerHTML;
ready();
for (const log of $$(".log[data-log]")) log.scrollTop = log.scrollHeight;
setInterval(tick, 1000);
}
