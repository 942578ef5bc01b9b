#!/usr/bin/env bash
# Looks at a report as a reader does: pictures of it in Chromium, light and dark, on a telephone, and on A4 and Letter, for a person to
# look at; and axe-core's opinion where Node.js has puppeteer-core and axe-core (NODE_PATH or the folder AXE_DIR names).
#   scripts/check-report.sh report.html [FOLDER]
set -euo pipefail

page=$(realpath "${1:?which report? scripts/check-report.sh report.html [FOLDER]}")
into=${2:-target/report-check}
mkdir -p "$into"
into=$(realpath "$into")
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
    echo "SKIP: no Chromium found (apt-get install chromium)" >&2
    exit 0
fi
if ! command -v node >/dev/null || ! (cd "${AXE_DIR:-.}" && node -e 'require("puppeteer-core"); require.resolve("axe-core")') 2>/dev/null; then
    echo "SKIP: Node.js with puppeteer-core and axe-core not found (npm install puppeteer-core axe-core; AXE_DIR names the folder)" >&2
    exit 0
fi
cd "${AXE_DIR:-.}"
PAGE="file://$page" INTO="$into" BROWSER="$browser" node - <<'JS'
const puppeteer = require("puppeteer-core");
const axe = require("fs").readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const { PAGE, INTO, BROWSER } = process.env;
(async () => {
  const browser = await puppeteer.launch({ executablePath: BROWSER, args: ["--no-sandbox"], headless: true });
  let serious = 0;
  const asked = [];
  for (const scheme of ["light", "dark"]) {
    const page = await browser.newPage();
    page.on("request", (r) => { if (!r.url().startsWith("file://") || r.url() !== PAGE) asked.push(r.url()); });
    await page.setBypassCSP(true);
    await page.setViewport({ width: 1280, height: 900 });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(PAGE);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    console.log(`${scheme}: ${wide > 0 ? "WIDER THAN THE WINDOW by " + wide : "fits the window"}`);
    await page.screenshot({ path: `${INTO}/${scheme}.png`, fullPage: true });
    await page.screenshot({ path: `${INTO}/${scheme}-top.png` });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => axe.run());
    for (const v of violations) {
      console.log(`${scheme}: ${v.impact}: ${v.id}: ${v.help} (${v.nodes.length}) ${v.nodes[0].html.slice(0, 120)}`);
      if (["serious", "critical"].includes(v.impact)) serious += 1;
    }
    await page.close();
  }
  const phone = await browser.newPage();
  await phone.setViewport({ width: 360, height: 780, isMobile: true, hasTouch: true });
  await phone.goto(PAGE);
  const tables = await phone.evaluate(() => [...document.querySelectorAll(".wide:has(table)")].filter((e) => e.scrollWidth > e.clientWidth).length);
  console.log(`telephone: ${tables} tables have to be scrolled`);
  // 280 is the narrowest window that is sold; 320 is what WCAG 2.2 (1.4.10) asks for.
  for (const width of [280, 320, 360]) {
    await phone.setViewport({ width, height: 780, isMobile: true, hasTouch: true });
    const beyond = await phone.evaluate(() => document.documentElement.scrollWidth - window.screen.width);
    console.log(`telephone of ${width} px: ${beyond > 0 ? "WIDER THAN THE WINDOW by " + beyond : "fits the window"}`);
    serious += beyond > 0 ? 1 : 0;
  }
  // A long report is higher on a telephone than Chromium draws in one picture.
  const height = Math.min(await phone.evaluate(() => document.documentElement.scrollHeight), 12000);
  await phone.screenshot({ path: `${INTO}/telephone.png`, clip: { x: 0, y: 0, width: 360, height } });
  await phone.close();
  const page = await browser.newPage();
  await page.goto(PAGE);
  for (const format of ["A4", "Letter"]) await page.pdf({ path: `${INTO}/${format}.pdf`, format, preferCSSPageSize: false });
  await browser.close();
  console.log(`serious or critical: ${serious}; asked for besides itself: ${asked.length}; pictures and pages in ${INTO}`);
  process.exit(serious || asked.length ? 1 : 0);
})();
JS
