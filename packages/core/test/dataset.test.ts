import { expect, test } from 'vitest';
import {
  Catalog,
  createDataset,
  EmbeddingTable,
  fingerprint,
  IdMap,
  InteractionLog,
  withLog,
} from '../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'ann', item: 'heat', timestamp: 1 },
  { user: 'bob', item: 'alien', timestamp: 2 },
]);
const catalog = new Catalog({
  items: new IdMap(['alien', 'fargo', 'heat']),
  text: {
    title: ['Alien (1979)', 'Fargo (1996)', 'Heat (1995)'],
    plot: ['A crew meets a monster', '', 'Cops and robbers'],
  },
  attributes: { genres: [['Horror', 'Sci-Fi'], ['Crime'], undefined], year: [1979, 1996, 1995] },
});

test('item text joins the chosen fields in order and leaves empty ones out', () => {
  expect(catalog.itemText(0, ['title', 'genres', 'year'])).toBe('Alien (1979). Horror, Sci-Fi. 1979');
  expect(catalog.itemText(1, ['plot', 'title'])).toBe('Fargo (1996)');
  expect(catalog.itemText(2, ['genres'])).toBe('');
  expect(() => catalog.itemText(0, ['colour'])).toThrow(/title, plot, genres, year, but received "colour"/);
  expect(() => catalog.itemText(3, ['title'])).toThrow(/dense item index/);
});

test('a data set brings its catalogue and users into the order of its log', () => {
  const dataset = createDataset({
    name: 'films',
    log,
    catalog,
    users: { users: new IdMap(['bob'], 'user'), attributes: { age: [30] } },
    licence: 'MIT',
    source: 'by hand',
  });
  expect(dataset.catalog.text.title).toEqual(['Heat (1995)', 'Alien (1979)']);
  expect(dataset.users?.attributes.age).toEqual([undefined, 30]);
  const narrowed = withLog(dataset, log.select(Int32Array.of(1)).compact());
  expect(narrowed.catalog.text.title).toEqual(['Alien (1979)']);
  expect(() => createDataset({ ...dataset, name: ' ' })).toThrow(/data set name/);
});

test('catalogue columns of another length or a name twice are refused', () => {
  const items = new IdMap(['a', 'b']);
  expect(() => new Catalog({ items, text: { title: ['x'] } })).toThrow(
    /2 entries in the catalogue column "title"/,
  );
  expect(() => new Catalog({ items, text: { title: ['x', 'y'] }, attributes: { title: [1, 2] } })).toThrow(
    /once/,
  );
});

test('columns may be called as what every object has', () => {
  const races = new Catalog({
    items: new IdMap(['monza']),
    text: { title: ['Monza'] },
    attributes: { constructor: ['Ferrari'] },
  });
  expect(races.itemText(0, ['title', 'constructor'])).toBe('Monza. Ferrari');
  expect(() => races.itemText(0, ['toString'])).toThrow(/catalogue fields among title, constructor/);
});

test('the fingerprint depends on the data and on nothing else', () => {
  const rows = [
    { user: 'ann', item: 'heat', timestamp: 1 },
    { user: 'bob', item: 'alien', timestamp: 2 },
  ];
  expect(fingerprint(InteractionLog.fromRows(rows))).toBe(fingerprint(log));
  expect(fingerprint(InteractionLog.fromRows([...rows].reverse()))).not.toBe(fingerprint(log));
  expect(fingerprint(InteractionLog.fromRows(rows.map((row) => ({ ...row, rating: 1 }))))).not.toBe(
    fingerprint(log),
  );
});

test('embedding tables align by id and refuse holes', () => {
  const table = new EmbeddingTable(new IdMap(['a', 'b', 'c']), 2, Float32Array.of(1, 2, 3, 4, 5, 6));
  expect(Array.from(table.align(new IdMap(['c', 'a'])).data)).toEqual([5, 6, 1, 2]);
  expect(Array.from(table.vector(1))).toEqual([3, 4]);
  expect(() => table.align(new IdMap(['d']))).toThrow(/none for "d"/);
  expect(() => new EmbeddingTable(new IdMap(['a']), 2, Float32Array.of(1))).toThrow(/1 rows/);
  expect(() => new EmbeddingTable(new IdMap(['a']), 1, Float32Array.of(Number.NaN))).toThrow(/"a"/);
});
