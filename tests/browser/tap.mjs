// Test Anything Protocol, as tests/run reads it.
export function tap() {
  let count = 0, failed = 0;
  const check = (is_good, text, more = "") => {
    count += 1;
    if (!is_good) failed += 1;
    console.log(`${is_good ? "ok" : "not ok"} ${count} - ${text.replaceAll("#", "\\#")}`);
    if (!is_good && more) console.log(String(more).replace(/^/gm, "# "));
    return is_good;
  };
  const end = () => {
    console.log(`1..${count}`);
    process.exitCode = failed ? 1 : 0;
  };
  return { check, end };
}
