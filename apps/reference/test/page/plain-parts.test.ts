import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEvent } from '../../page/src/api/read-event.js';
import { uniqueKeys } from '../../page/src/parts/unique-keys.js';
import { duration, frontOf } from '../../page/src/views/benchmarks/cost.js';
import { endsOf, metricsOf, nameColumns, plottedRows } from '../../page/src/views/benchmarks/read-rows.js';
import { differences, shared } from '../../page/src/views/compare/compared.js';
import { beginsWith, childrenOf, pointsOf, titled } from '../../page/src/views/map/map-tree.js';
import { readTable } from '../../src/benchmarks/read-table.js';

const table = (markdown: string) => ({
  name: 't',
  kind: 'study' as const,
  ...readTable(`**T** (p)\n\n${markdown}\n`, 't.md'),
});

const list = (...ids: string[]) =>
  ids.map((id, k) => ({ id, title: id, score: 1, rank: k + 1, from: [], attributes: {} }));

test('keys of columns that are named alike are different, and begin with the names', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'a (2)')), (names) => {
      const keys = uniqueKeys(names);
      expect(new Set(keys).size).toBe(names.length);
      for (const [at, name] of names.entries()) expect(keys[at]?.startsWith(name)).toBe(true);
    }),
  );
});

describe('rows of a benchmark', () => {
  const tiger = table(
    [
      '| method | epsilon | users | Recall@10 | RMSE | p |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      '| TIGER | 0 | 308, 258 | 0.125 ± 0.0625 | 1.2 | 0.5 |',
      '| TIGER | 0.1 | 308, 258 | 0.3 [0.2, 0.45] | 1.1 | 0.4 |',
      '| KNN |  | 308, 258 | 0.2 | 1.3 | |',
    ].join('\n'),
  );

  test('are named by as few columns as tell them apart', () => {
    expect(nameColumns(tiger)).toBe(2);
    const metrics = metricsOf(tiger);
    expect(metrics.map(({ name, isBetter }) => [name, isBetter])).toEqual([
      ['Recall@10', 'higher'],
      ['RMSE', 'lower'],
    ]);
  });

  test('stand by the metric, the better end first, and are found by all their words', () => {
    const [recall, rmse] = metricsOf(tiger);
    const names = (metric = recall, words = '') =>
      metric ? plottedRows(tiger, metric, { words, papers: true }).map(({ name }) => name) : [];
    expect(names()).toEqual(['TIGER, 0.1', 'KNN', 'TIGER, 0']);
    expect(names(rmse)).toEqual(['TIGER, 0.1', 'TIGER, 0', 'KNN']);
    expect(names(recall, 'tiger 0.1')).toEqual(['TIGER, 0.1']);
  });

  test('have ends by interval, by deviation either way, or none', () => {
    const [recall] = metricsOf(tiger);
    const rows = recall ? plottedRows(tiger, recall, { words: '', papers: true }) : [];
    expect(rows.map(({ value }) => endsOf(value))).toEqual([
      [0.2, 0.45],
      [0.2, 0.2],
      [0.0625, 0.1875],
    ]);
  });

  test('are not drawn where every row is another measure', () => {
    expect(metricsOf(table('|  | a |\n| --- | ---: |\n| NDCG | 0.1 |\n| weight | 4 |'))).toEqual([]);
  });

  test('on the front are beaten by no other row in both cost and value', () => {
    const metric = { name: 'm', column: 1, isBetter: 'higher' as const };
    const points = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20 })), {
      minLength: 1,
      maxLength: 25,
    });
    fc.assert(
      fc.property(points, (all) => {
        const rows = all.map(([fitSeconds, mean], k) => ({
          key: String(k),
          name: String(k),
          value: { text: '', mean },
          row: { cells: [], cost: { fitSeconds, rankSeconds: 1, users: 1 } },
        }));
        const front = new Set(frontOf(rows, metric, 'fit').map(({ key }) => key));
        for (const [k, [cost, value]] of all.entries()) {
          const isBeaten = all.some(([c, v]) => (c < cost && v >= value) || (c <= cost && v > value));
          const equals = all.findIndex(([c, v]) => c === cost && v === value);
          expect(front.has(String(k))).toBe(!isBeaten && equals === k);
        }
      }),
    );
  });

  test.each([
    [0.0042, '4 ms'],
    [3.14, '3.1 s'],
    [75, '75 s'],
    [600, '10 min'],
    [7200, '2.0 h'],
  ])('%d seconds are %s', (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe('lists side by side', () => {
  const lists = [list('a', 'b', 'c'), list('c', 'd', 'a')];
  test('tell ranks that were gained or lost against the first, and what only one holds', () => {
    const second = differences(lists, 1);
    expect(second.get('c')).toEqual({ lists: 2, gained: 2 });
    expect(second.get('a')).toEqual({ lists: 2, gained: -2 });
    expect(second.get('d')).toEqual({ lists: 1, gained: undefined });
    expect(differences(lists, 0).get('b')).toEqual({ lists: 1, gained: undefined });
  });

  test('share what both hold', () => {
    expect(shared(list('a', 'b', 'c'), list('c', 'd', 'a'))).toBe(2);
    expect(shared([], list('a'))).toBe(0);
  });
});

describe('the tree of codes', () => {
  const points = pointsOf({
    ids: ['a', 'b', 'c', 'd'],
    titles: ['Red tea', 'Green tea', 'Tea pot', 'Saw'],
    x: [0, 1, 2, 3],
    y: [0, 1, 2, 3],
    codes: [
      [1, 0, 0],
      [1, 0, 1],
      [1, 2, 0],
      [0, 0, 0],
    ],
    interactions: [5, 9, 1, 3],
    total: 4,
    source: '',
    version: '',
  });

  test('puts the most chosen last, to be drawn on top', () => {
    expect(points.map(({ id }) => id)).toEqual(['c', 'd', 'a', 'b']);
  });

  test('groups by the next code, the largest group first', () => {
    const [first, second] = childrenOf(points, 0);
    expect([first?.code, first?.points.length]).toEqual([1, 3]);
    expect([second?.code, second?.points.length]).toEqual([0, 1]);
    expect(childrenOf(first?.points ?? [], 1).map(({ code }) => code)).toEqual([0, 2]);
  });

  test('finds by the beginning of codes, and by all words of a title', () => {
    expect(points.filter((point) => beginsWith(point, [1, 0])).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(titled(points, ' TEA  re').map(({ id }) => id)).toEqual(['a', 'b']);
    expect(titled(points, ' ')).toEqual([]);
  });
});

describe('server-sent events', () => {
  test('join their lines of data, and are named', () => {
    expect(readEvent('event: text\ndata: "a"\ndata: b')).toEqual({ event: 'text', data: '"a"\nb' });
    expect(readEvent('data:x')).toEqual({ event: 'message', data: 'x' });
  });
  test('are nothing where a comment only keeps the line open', () => {
    expect(readEvent(': still here')).toBeUndefined();
  });
});
