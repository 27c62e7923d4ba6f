// Takes the pictures of the page that the READMEs show, from a server that runs on the bundled data:
//
//   node apps/reference/bin/palate.js serve --systems ease,bm25,text-knn --feedback memory
//   node apps/reference/page/scripts/screenshots.mjs [http://127.0.0.1:8080]
//
// Writes docs/images/NAME.png.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const url = process.argv[2] ?? 'http://127.0.0.1:8080';
const folder = fileURLToPath(new URL('../../../../docs/images/', import.meta.url));

/** Name, address, what has to be there, and how the page is looked at. */
const PICTURES = [
  ['ask', 'ask?text=slow-burning+heist+films,+no+gore', '.answers li', {}],
  ['compare', 'compare?user=36&system=ease&system=item-knn&system=popularity', '.overlap', {}],
  ['item', 'items?id=0113277', '.neighbours li', {}],
  ['map', 'map?find=star', '.map-plane circle', {}],
  ['benchmarks', 'benchmarks?table=ml-1m-sequential', '.figure svg', { colorScheme: 'dark' }],
  ['phone', 'ask?item=0133093', '.answers li', { viewport: { width: 390, height: 780 } }],
];

await mkdir(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.PALATE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
try {
  for (const [name, hash, wanted, options] of PICTURES) {
    const context = await browser.newContext({
      viewport: { width: 1180, height: 780 },
      reducedMotion: 'reduce',
      ...options,
    });
    const page = await context.newPage();
    await page.goto(`${url}/#/${hash}`);
    await page.locator(wanted).first().waitFor({ timeout: 600_000 });
    await page.waitForLoadState('networkidle');
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled' });
    process.stdout.write(`docs/images/${name}.png\n`);
    await context.close();
  }
} finally {
  await browser.close();
}
