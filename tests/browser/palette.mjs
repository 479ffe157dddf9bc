// Contrast and colour-blindness of the palette, computed from app.css. Node alone: no packages.
import { readFileSync } from "node:fs";
import { tap } from "./tap.mjs";

const folder = new URL("../../web/assets/", import.meta.url);
const css = readFileSync(new URL("app.css", folder), "utf8");
const { check, end } = tap();

// ---- colours

const linear = (hex) => [1, 3, 5].map((at) => {
  const c = parseInt(hex.slice(at, at + 2), 16) / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
});
const luminance = ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(one, other) {
  const [low, high] = [luminance(linear(one)), luminance(linear(other))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const times = (matrix, v) => matrix.map((row) => row.reduce((sum, m, i) => sum + m * v[i], 0));

// Machado, Oliveira, Fernandes 2009, severity 1, in linear RGB.
const eyes = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039]],
};

function lab(rgb) {
  const [x, y, z] = times([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175],
    [0.0193339, 0.119192, 0.9503041]], rgb.map((c) => Math.min(1, Math.max(0, c))));
  const f = (t) => t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116;
  const [a, b, c] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * b - 16, 500 * (a - b), 200 * (b - c)];
}

// Sharma, Wu, Dalal 2005.
function ciede2000([l1, a1, b1], [l2, a2, b2]) {
  const rad = Math.PI / 180, seventh = (c) => Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7));
  const g = 1.5 - 0.5 * seventh((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2);
  const c1 = Math.hypot(a1 * g, b1), c2 = Math.hypot(a2 * g, b2), c = (c1 + c2) / 2;
  const hue = (a, b) => (Math.atan2(b, a * g) / rad + 360) % 360;
  const h1 = hue(a1, b1), h2 = hue(a2, b2), has_hue = c1 * c2 !== 0;
  let dh = has_hue ? h2 - h1 : 0;
  if (dh > 180) dh -= 360;
  if (dh < -180) dh += 360;
  let h = h1 + h2;
  if (has_hue) h = Math.abs(h1 - h2) <= 180 ? h / 2 : h < 360 ? (h + 360) / 2 : (h - 360) / 2;
  const t = 1 - 0.17 * Math.cos((h - 30) * rad) + 0.24 * Math.cos(2 * h * rad)
    + 0.32 * Math.cos((3 * h + 6) * rad) - 0.2 * Math.cos((4 * h - 63) * rad);
  const off = ((l1 + l2) / 2 - 50) ** 2;
  const dl = (l2 - l1) / (1 + 0.015 * off / Math.sqrt(20 + off));
  const dc = (c2 - c1) / (1 + 0.045 * c);
  const dhh = 2 * Math.sqrt(c1 * c2) * Math.sin(dh / 2 * rad) / (1 + 0.015 * c * t);
  const turn = -2 * seventh(c) * Math.sin(60 * Math.exp(-(((h - 275) / 25) ** 2)) * rad);
  return Math.sqrt(dl ** 2 + dc ** 2 + dhh ** 2 + turn * dc * dhh);
}

const near = (a, b, by) => Math.abs(a - b) < by;
check(near(ciede2000([50, 2.6772, -79.7751], [50, 0, -82.7485]), 2.0425, 1e-4)
  && near(ciede2000([50, 2.49, -0.001], [50, -2.49, 0.0011]), 7.2195, 1e-4)
  && near(ciede2000([2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514]), 0.9082, 1e-4)
  && near(ciede2000([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387]), 1.2644, 1e-4),
"CIEDE2000 gives the published values");
check(near(contrast("#ffffff", "#000000"), 21, 1e-9) && near(contrast("#777777", "#ffffff"), 4.478, 1e-3),
  "contrast gives the published values");

// ---- what the page promises

const solid = ["success", "failed", "running", "blocked", "stopped"];
const shapes = [...solid, "waiting", "skipped", "frozen", "edge"];
const texts = ["ink", "muted", "link", "failed", "running", "green", "yellow", "magenta", "cyan"];
// the smallest distance of solid states that the palette was chosen with
const chosen = {
  light: { normal: 22.2, protan: 13.8, deutan: 18.9, tritan: 17.7 },
  dark: { normal: 18.9, protan: 10.7, deutan: 13, tritan: 19.1 },
};

const roots = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, body]) =>
  Object.fromEntries([...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, k, v]) => [k, v])));
check(roots.length === 2 && Object.keys(roots[0]).sort().join() === Object.keys(roots[1]).sort().join(),
  "light and dark name the same colours");
const glyph_on_blocked = css.match(/^\.blocked .*--o: (#[0-9a-f]{6})/m)?.[1];

for (const [mode, colour] of [["light", roots[0]], ["dark", { ...roots[0], ...roots[1] }]]) {
  for (const name of shapes) {
    const ratio = Math.min(contrast(colour[name], colour.bg), contrast(colour[name], colour.soft));
    check(ratio >= 3, `${mode}: ${name} is seen on the page and on soft ground, ${ratio.toFixed(2)}:1`);
  }
  for (const name of solid) {
    const ratio = contrast(colour[name], name === "blocked" ? glyph_on_blocked : colour.on);
    check(ratio >= 3, `${mode}: the glyph on ${name} is seen, ${ratio.toFixed(2)}:1`);
  }
  for (const name of texts) {
    const ratio = Math.min(...["bg", "soft", "mark"].map((ground) => contrast(colour[name], colour[ground])));
    check(ratio >= 4.5, `${mode}: text in ${name} is read on any ground, ${ratio.toFixed(2)}:1`);
  }
  const button = contrast(colour["on-link"], colour.link);
  check(button >= 4.5, `${mode}: text on a filled button is read, ${button.toFixed(2)}:1`);
  for (const [eye, matrix] of Object.entries(eyes)) {
    let least = Infinity;
    for (const [i, one] of solid.entries()) {
      for (const other of solid.slice(i + 1)) {
        const [a, b] = [one, other].map((name) => lab(times(matrix, linear(colour[name]))));
        least = Math.min(least, ciede2000(a, b));
      }
    }
    check(least >= 10, `${mode}, ${eye}: solid states differ, ΔE ${least.toFixed(1)} at least`);
    check(near(least, chosen[mode][eye], 0.15), `${mode}, ${eye}: as it was chosen, ${chosen[mode][eye]}`);
  }
}

// as scheduler/base/embed_text.cmake puts them into the program
const served = ["app.css", "app.js"].map((name) => Buffer.byteLength(
  readFileSync(new URL(name, folder), "utf8").replace(/\n +/g, "\n").replace(/\n\/\/.*/g, "")));
const size = served[0] + served[1];
check(size <= 20480, `style sheet and script have ${size} bytes, 20480 at most`);
end();
