import { statistics } from '@palate/datasets';
import { describe, expect, test } from 'vitest';
import {
  loadBundledMovieTweetings,
  loadEngagement,
  loadItemKnowledge,
  loadNarratives,
  loadTags,
  loadUserKnowledge,
} from '../src/index.js';

test('the snapshot is whole: the counts of its source', async () => {
  const { log, catalog } = await loadBundledMovieTweetings({ core: 'none' });
  const counts = statistics(log);
  expect(counts).toMatchObject({ interactions: 100_000, users: 16_554, items: 10_506, repeatedPairs: 0 });
  expect(new Date((counts.time?.first ?? 0) * 1000).toISOString().slice(0, 10)).toBe('2013-02-28');
  expect(new Date((counts.time?.last ?? 0) * 1000).toISOString().slice(0, 10)).toBe('2013-09-01');
  expect(Math.min(...(log.rating ?? []))).toBe(0);
  expect(Math.max(...(log.rating ?? []))).toBe(10);
  expect(catalog.itemText(catalog.items.indexOf('0002844'), ['title', 'genres', 'year'])).toBe(
    "Fantômas - À l'ombre de la guillotine (1913). Crime, Drama. 1913",
  );
});

test('the 5-core has 4,333 users, 2,414 films and 68,055 ratings', async () => {
  const { log } = await loadBundledMovieTweetings();
  const counts = statistics(log);
  expect(counts).toMatchObject({ users: 4333, items: 2414, interactions: 68_055, equalTimes: 2 });
  expect(counts.historyLength).toMatchObject({ max: 275 });
  expect(counts.historyLength.mean).toBeCloseTo(15.7, 1);
  expect(Math.min(...log.itemCounts())).toBeGreaterThanOrEqual(5);
});

test('equal times of a user stand in order of film id', async () => {
  const { log } = await loadBundledMovieTweetings({ core: 'none' });
  const { offsets, row } = log.byUser();
  let ties = 0;
  for (let user = 0; user < log.users.size; user++)
    for (let p = (offsets[user] ?? 0) + 1; p < (offsets[user + 1] ?? 0); p++) {
      const [before, after] = [row[p - 1] as number, row[p] as number];
      if (log.timestamp[before] !== log.timestamp[after]) continue;
      ties++;
      expect(log.items.idOf(log.item[before] as number) < log.items.idOf(log.item[after] as number)).toBe(
        true,
      );
    }
  expect(ties).toBeGreaterThan(0);
});

describe('the knowledge covers the 5-core', () => {
  test('films', async () => {
    const { log } = await loadBundledMovieTweetings();
    const items = await loadItemKnowledge();
    expect(new Set(items.map(({ item }) => item))).toEqual(new Set(log.items));
    expect(items.filter(({ confidence }) => confidence === 'high')).toHaveLength(2333);
    expect(items.filter(({ confidence }) => confidence === 'low')).toHaveLength(2);
    expect(
      (await loadTags()).filter(
        ({ item, tags }) => log.items.has(item) && tags.length >= 3 && tags.length <= 8,
      ),
    ).toHaveLength(2414);
    expect(
      (await loadEngagement()).filter(
        ({ item, neighbours }) => log.items.has(item) && neighbours.length === 3,
      ),
    ).toHaveLength(2414);
  });

  test('users, from the first n of their interactions', async () => {
    const { log } = await loadBundledMovieTweetings();
    const users = await loadUserKnowledge();
    expect(new Set(users.map(({ user }) => user))).toEqual(new Set(log.users));
    for (const { user, n } of users) {
      const length = log.history(log.users.indexOf(user)).length;
      expect(n).toBe(Math.min(30, Math.floor((length + 1) / 2)));
    }
  });

  test('narratives, written from liked films without the last two interactions', async () => {
    const { log, catalog } = await loadBundledMovieTweetings();
    const narratives = await loadNarratives();
    expect(narratives).toHaveLength(2280);
    expect(new Set(narratives.map(({ user }) => user)).size).toBe(2280);
    expect(new Set(narratives.map(({ text }) => text)).size).toBe(2280);
    const { offsets, row } = log.byUser();
    for (const { user, items, text } of narratives) {
      const index = log.users.indexOf(user);
      const rows = [...row.subarray(offsets[index], offsets[index + 1])].slice(0, -2);
      const ratings = rows.map((r) => log.rating?.[r] ?? Number.NaN);
      const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
      const shown = new Map(rows.map((r, k) => [log.items.idOf(log.item[r] as number), ratings[k]]));
      expect(items.length).toBeGreaterThanOrEqual(1);
      expect(items.length).toBeLessThanOrEqual(8);
      for (const item of items) expect(shown.get(item), `${user} ${item}`).toBeGreaterThanOrEqual(8);
      for (const item of items) expect(shown.get(item), `${user} ${item}`).toBeGreaterThanOrEqual(mean);
      for (const item of items) {
        const title = catalog.itemText(catalog.items.indexOf(item), ['title']).replace(/ \(\d{4}\)$/, '');
        // Titles of several words: a single one ("Up", "Drive") is a word of every day.
        if (title.split(' ').length > 2) expect(text.toLowerCase()).not.toContain(title.toLowerCase());
      }
    }
  });
});

test('another core and unknown options are refused', async () => {
  await expect(loadBundledMovieTweetings({ core: 3 as never })).rejects.toThrow(/core to be 5 or 'none'/);
  await expect(loadBundledMovieTweetings({ cores: 5 } as never)).rejects.toThrow(/"cores"/);
});
