import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserView } from '@palate/engine';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildPage } from './build-page.js';
import { accessibilityFindings, CHROMIUM, launch, openTab, type Tab, WITHOUT } from './chromium.js';
import { type Served, served } from './served.js';
import { MARKED, shop } from './shop.js';

describe.skipIf(CHROMIUM === undefined)(`the page in chromium${WITHOUT}`, () => {
  let root: string;
  let server: Served;
  let browser: Browser;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'palate-page-'));
    await buildPage();
    server = await served(shop(), root);
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(root, { recursive: true, force: true });
  });

  // A tab that stays open goes on asking the server.
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  const at = async (hash: string, options: Parameters<typeof openTab>[1] = {}): Promise<Tab> => {
    const tab = await openTab(browser, options);
    await tab.page.goto(`${server.url}/#/${hash}`);
    return tab;
  };

  test('answers a wish with ranks, reasons, sources, times and candidates', async () => {
    const { page, faults } = await at('ask');
    await page.getByLabel('What are you after?').fill('a wooden puzzle for a child');
    await page.getByRole('button', { name: 'Recommend' }).click();
    const list = page.getByRole('region', { name: 'Answer' }).getByRole('listitem');
    await list.first().waitFor();
    expect(await list.count()).toBe(10);
    expect(await list.first().getByRole('heading').textContent()).toMatch(/^Toy/);
    expect(await list.first().locator('.reason').textContent()).not.toBe('');
    const aside = page.getByRole('complementary', { name: 'Where the answer comes from' });
    const told = await aside.textContent();
    for (const part of ['Taste', 'Candidates', 'Order', 'Reasons', 'Time']) expect(told).toContain(part);
    expect(page.url()).toContain('text=a+wooden+puzzle+for+a+child');
    expect(faults).toEqual([]);
  });

  test('finds titles while one types, by keyboard alone', async () => {
    const { page, faults } = await at('ask');
    await page.getByRole('combobox', { name: 'Titles that you like' }).fill('tea number 3');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('list', { name: 'Counts for this list' }).getByText('Tea number 3').waitFor();
    const first = page.getByRole('region', { name: 'Answer' }).getByRole('heading').first();
    await first.waitFor();
    expect(await first.textContent()).toMatch(/^Tea/);
    expect(page.url()).toContain('item=tea-3');
    expect(faults).toEqual([]);
  });

  test('a thumb changes the next list at once, is kept by the server, and travels in the link', async () => {
    const { page, faults } = await at('ask?item=tool-2');
    const list = page.getByRole('region', { name: 'Answer' });
    const first = await list.getByRole('heading').first().textContent();
    const before = (await server.status()).feedback.events;
    await list.getByRole('button', { name: `Not ${first}` }).click();
    await list.getByRole('heading', { name: first ?? '' }).waitFor({ state: 'detached' });
    const second = await list.getByRole('heading').first().textContent();
    await list.getByRole('button', { name: `More like ${second}` }).click();
    await list.getByRole('heading', { name: second ?? '' }).waitFor({ state: 'detached' });
    expect(page.url()).toMatch(/up=tool-\d+&down=tool-\d+/);
    // The list may come before the server has counted the thumb.
    await expect
      .poll(async () => {
        const after = (await server.status()).feedback.events;
        return [(after.dislike ?? 0) - (before.dislike ?? 0), (after.like ?? 0) - (before.like ?? 0)];
      })
      .toEqual([1, 1]);
    const shared = await at(page.url().split('#/')[1] ?? '');
    const titles = async (tab: Tab): Promise<string[]> => {
      const headings = tab.page.getByRole('region', { name: 'Answer' }).getByRole('heading');
      await headings.first().waitFor();
      return headings.allTextContents();
    };
    expect(await titles(shared)).toEqual(await titles({ page, faults }));
    expect([...faults, ...shared.faults]).toEqual([]);
  });

  test('counts the thumbs of a user of the data to what is known of them', async () => {
    const { page, faults } = await at('ask');
    await page.getByLabel('Or a user of the data').fill('user-3');
    await page.keyboard.press('Enter');
    const list = page.getByRole('region', { name: 'Answer' });
    const first = (await list.getByRole('heading').first().textContent()) ?? '';
    await list.getByRole('button', { name: `More like ${first}` }).click();
    await list.getByRole('heading', { name: first }).waitFor({ state: 'detached' });
    await expect
      .poll(async () => {
        const user = await (await fetch(`${server.url}/api/v1/users/user-3`)).json();
        return (user as UserView).history.map(({ title, isFeedback }) => [title, isFeedback]).at(-1);
      })
      .toEqual([first, true]);
    // User 3 buys tea, as user 0 does.
    expect(await list.getByRole('heading').first().textContent()).toMatch(/^Tea/);
    expect(faults).toEqual([]);
  });

  test('explains one item when asked', async () => {
    const { page, faults } = await at('ask?item=tea-1');
    await page.getByRole('button', { name: 'Why this one?' }).first().click();
    const words = page.locator('.answer [aria-live]').first();
    // They come in pieces, one after the other.
    await expect.poll(() => words.textContent()).toMatch(/^(?!Thinking)[^"]{11,}$/);
    expect(faults).toEqual([]);
  });

  test('shows what the server refused, with its hint', async () => {
    const { page, faults } = await at('ask?item=tea-1x');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('"tea-1x"');
    expect(await alert.textContent()).toContain('"tea-1"');
    expect(faults).toEqual([]);
  });

  test('says when nothing is left', async () => {
    const all = [...shop().log.items];
    const { page, faults } = await at(`ask?text=tea&${all.map((id) => `down=${id}`).join('&')}`);
    await page.getByText('Nothing is left to recommend.').waitFor();
    expect(faults).toEqual([]);
  });

  test('shows titles with markup as they are written', async () => {
    const { page, faults } = await at('ask?text=bold+marked');
    await page.getByRole('heading', { name: MARKED }).waitFor();
    await page.goto(`${server.url}/#/items?id=marked`);
    await page.getByRole('heading', { level: 1, name: MARKED }).waitFor();
    expect(await page.evaluate('window.marked')).toBeUndefined();
    expect(await page.locator('main b, main script').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test('compares systems for a user, marks what only one finds, and counts what is shared', async () => {
    const { page, faults } = await at(
      'compare?user=user-0&system=pipeline&system=popularity&system=ease&k=5',
    );
    await page.getByRole('region', { name: 'Shared items' }).waitFor();
    const lists = new Map<string, string[]>();
    for (const name of ['pipeline', 'popularity', 'ease'])
      lists.set(
        name,
        await page.getByRole('region', { name, exact: true }).getByRole('link').allTextContents(),
      );
    const [pipeline = [], popularity = []] = lists.values();
    expect(popularity).toHaveLength(5);
    const shared = pipeline.filter((title) => popularity.includes(title)).length;
    const cells = page
      .getByRole('region', { name: 'Shared items' })
      .getByRole('row')
      .nth(1)
      .getByRole('cell');
    expect(await cells.nth(1).textContent()).toBe(String(shared));
    const others = [...pipeline, ...(lists.get('ease') ?? [])];
    const only = popularity.filter((title) => !others.includes(title)).length;
    expect(
      await page.getByRole('region', { name: 'popularity', exact: true }).getByText('only here').count(),
    ).toBe(only);
    expect(faults).toEqual([]);
  });

  test('shows an item with its texts and its neighbours by text, by use and in the graph', async () => {
    const { page, faults } = await at('items?id=tea-1');
    await page.getByRole('heading', { level: 1, name: 'Tea number 1' }).waitFor();
    for (const name of ['Near by text', 'Chosen by the same people', 'Near in the graph']) {
      const near = page.getByRole('region', { name }).getByRole('link');
      await near.first().waitFor();
      expect(await near.first().textContent()).toMatch(/^Tea/);
    }
    expect(await page.getByRole('region', { name: 'Texts' }).textContent()).toContain('brew and calm');
    expect(faults).toEqual([]);
  });

  test('searches the catalogue, and says when there is nothing', async () => {
    const { page, faults } = await at('items');
    await page.getByLabel('Find a title').fill('toy number');
    await page.getByRole('link', { name: 'Toy number 4' }).waitFor();
    await page.getByLabel('Find a title').fill('qqqqzzzz');
    await page.getByText('No title has these words.').waitFor();
    expect(faults).toEqual([]);
  });

  test('draws the map, lights what is searched, and opens the tree', async () => {
    const { page, faults } = await at('map');
    const plane = page.getByRole('img', { name: /items on a plane/ });
    await plane.locator('circle').first().waitFor();
    const items = (await server.status()).data.items;
    expect(await plane.locator('circle').count()).toBe(items);
    await page.getByLabel('Titles with the words').fill('tool');
    await page.getByText(`of ${items} items are lit`).waitFor();
    expect(await page.getByRole('list', { name: 'Titles found' }).getByRole('listitem').count()).toBe(8);
    await page.getByRole('button', { name: 'Show all' }).click();
    const tree = page.getByRole('region', { name: 'Tree of semantic IDs' });
    await tree.getByRole('button').first().click();
    expect(await tree.getByRole('button').first().getAttribute('aria-expanded')).toBe('true');
    await page.getByText(/^\d+ of \d+ items are lit/).waitFor();
    expect(faults).toEqual([]);
  });

  test('plots the committed tables, marks papers, and filters', async () => {
    const { page, faults } = await at('benchmarks?table=ml-1m-classic');
    const plot = page.getByRole('img', { name: /^ndcg@10 of 12 rows/ });
    await plot.waitFor();
    expect(await page.locator('.is-published .badge').count()).toBe(4);
    await page.getByLabel('Numbers from papers').uncheck();
    await page.getByRole('img', { name: /^ndcg@10 of 8 rows/ }).waitFor();
    await page.getByLabel('Metric').selectOption('hr@10');
    await page.getByRole('img', { name: /^hr@10 of 8 rows; the best is ease 500 with 0.1083/ }).waitFor();
    await page.getByLabel('Rows with the words').fill('nothing like this');
    await page.getByText('No row has these words.').waitFor();
    expect(page.url()).toContain('metric=hr%4010');
    expect(faults).toEqual([]);
  });

  test('shows every table and study without a fault', async () => {
    const { page, faults } = await at('benchmarks');
    await page.locator('.table-choice a').first().waitFor();
    const names = await page.locator('.table-choice a').allTextContents();
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      await page.goto(`${server.url}/#/benchmarks?table=${name}`);
      await page.locator(`.table-choice a[aria-current]`, { hasText: name }).waitFor();
      await page.getByRole('table').waitFor();
    }
    expect(faults).toEqual([]);
  });

  test('shows jobs with their state, and begins a refit that ends', async () => {
    const { page, faults } = await at('jobs');
    const jobs = page.getByRole('region', { name: 'Jobs that ran' }).getByRole('listitem');
    await jobs.filter({ hasText: 'Models of the pipeline' }).getByText('done').waitFor();
    await page.getByRole('button', { name: 'Fit again' }).click();
    await jobs.filter({ hasText: 'All models' }).getByText('done').waitFor();
    const answered = await fetch(`${server.url}/api/v1/jobs`);
    expect(((await answered.json()) as { jobs: unknown[] }).jobs).toContainEqual(
      expect.objectContaining({ kind: 'refit', state: 'done' }),
    );
    expect(await server.status()).not.toHaveProperty('refit');
    expect(faults).toEqual([]);
  });

  test('reads the interface for programs in its own style', async () => {
    const { page, faults } = await at('ask');
    await page.getByRole('link', { name: 'Interface for programs' }).click();
    await page.getByRole('heading', { level: 1, name: /Interface of/ }).waitFor();
    const width = await page.evaluate('getComputedStyle(document.body).maxWidth');
    expect(width).toBe('896px');
    expect(faults).toEqual([]);
  });

  const VIEWS = [
    'ask',
    'ask?text=a+wooden+puzzle,+no+drill&item=tea-1&up=tea-2&down=toy-1',
    'compare?user=user-0&system=pipeline&system=popularity',
    'items',
    'items?id=tea-1',
    'map?find=tool&item=tea-1',
    'benchmarks?table=ml-1m-classic',
    'benchmarks?table=palr',
    'jobs',
  ];

  test.each(VIEWS)('%s: no serious finding of axe-core, in light and in dark', async (view) => {
    const { page } = await at(view, { reducedMotion: 'reduce' });
    await page.waitForLoadState('networkidle');
    const colours = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      colours.push(await page.evaluate('getComputedStyle(document.body).color'));
      expect(await accessibilityFindings(page)).toEqual([]);
    }
    expect(new Set(colours).size).toBe(2);
  });

  test.each(VIEWS)('%s: fits a phone without scrolling sideways', async (view) => {
    const { page, faults } = await at(view, {
      viewport: { width: 360, height: 740 },
      isMobile: true,
      hasTouch: true,
    });
    await page.waitForLoadState('networkidle');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(faults).toEqual([]);
  });

  test('every view is reached by the keyboard, and its title is told', async () => {
    const { page } = await at('ask');
    await page.getByRole('link', { name: 'Compare' }).focus();
    for (const title of ['Compare', 'Items', 'Map', 'Benchmarks', 'Jobs']) {
      await page.getByRole('link', { name: title, exact: true }).focus();
      await page.keyboard.press('Enter');
      await expect.poll(() => page.title()).toBe(`${title} · Palate`);
      await expect.poll(() => page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    }
  });
});
