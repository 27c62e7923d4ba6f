import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where Debian, Ubuntu and Fedora put it; another place by the environment. */
const PLACES = [process.env.PALATE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** The browser that is installed here, if there is one. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));

/** Why the tests of the page are passed over; empty where they run. */
export const WITHOUT =
  CHROMIUM === undefined ? ' (passed over: no chromium here; apt-get install chromium)' : '';

export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    // A container's root may not make a sandbox, and has little shared memory; the pages are our own.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A tab that notes every fault that the browser tells: thrown errors, and what the content policy refused. */
export interface Tab {
  readonly page: Page;
  readonly faults: string[];
}

export async function openTab(browser: Browser, options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(300_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    // That a server refused a request is told as an error too, and shown by the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('http://127.0.0.1')) faults.push(`asked for ${request.url()}`);
  });
  return { page, faults };
}

/** Serious and critical findings of axe-core, each with the elements that it is about. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  // Evaluated through the debugger, which the content policy does not bind.
  if (await page.evaluate(`typeof axe === 'undefined'`)) await page.evaluate(axe.source);
  return page.evaluate(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] })
    .then(({ violations }) => violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 160) + ' ' + failureSummary).join(' | ')))`);
}
