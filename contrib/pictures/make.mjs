// make has set $page, $project, $failed (a run) and $datemill; the argument is the folder for pictures.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { open_browser, open_tab, looks } from "../../tests/browser/browser.mjs";

const { page, project, failed, datemill } = process.env;
const folder = process.argv[2];
const size = { width: 1240, height: 640 };
const browser = await open_browser();

async function picture(name, path, { height = size.height, scheme = "light" } = {}) {
  const options = { ...looks[scheme], viewport: { ...size, height } };
  const { tab, faults, close } = await open_tab(browser, options);
  await tab.goto(page + path);
  await tab.screenshot({ path: join(folder, `${name}.png`) });
  if (faults.length > 0) throw new Error(`${path}: ${faults.join("; ")}`);
  await close();
}

await picture("grid", "/flows/smartrm_study", { height: 625 });
await picture("grid-dark", "/flows/smartrm_study", { height: 625, scheme: "dark" });
await picture("run", `/runs/${failed}`, { height: 900 });
execFileSync(datemill, ["-C", project, "backfill", "smartrm_study", "2021-09-01..2021-10-02", "-y",
  "--redo", "always", "--parallel", "2", "--detach"], { stdio: "ignore" });
const { tab, close } = await open_tab(browser, { viewport: { ...size, height: 720 } });
await tab.goto(`${page}/backfills/2`);
await tab.waitForFunction(() => document.querySelectorAll(".dates .success").length >= 18,
  null, { timeout: 60000 });
await tab.screenshot({ path: join(folder, "backfill.png") });
await close();
await browser.close();
