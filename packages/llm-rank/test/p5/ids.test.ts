import { IdMap, RandomStream } from '@palate/core';
import { wordTokens } from '@palate/llm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collaborativeVectors } from '../../src/p5/ids/collaborative-vectors.js';
import {
  codeNames,
  independentNames,
  randomNames,
  sequentialNames,
  titleNames,
} from '../../src/p5/ids/id-names.js';
import { IdTokens } from '../../src/p5/ids/id-tokens.js';
import { smallShop } from './small-shop.js';

const base = wordTokens(['Shall we recommend to ?']);

describe('names of users and items', () => {
  it('are different words whose pieces spell them, in an order that only the seed tells', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 99 }), (count, seed) => {
        const { names, pieces } = randomNames('item', count, new RandomStream(seed));
        return (
          new Set(names).size === count &&
          names.every((name, k) => pieces[k]?.join('') === name && /^item_\d+$/.test(name))
        );
      }),
    );
    const numbers = randomNames('item', 500, new RandomStream(1)).names.map((name) => Number(name.slice(5)));
    const neighbours = numbers.filter((number, k) => Math.abs(number - (numbers[k - 1] ?? -9)) === 1).length;
    expect(neighbours).toBeLessThan(10);
  });

  it('are one piece each where they are independent', () => {
    expect(independentNames('user', 2)).toEqual({
      names: ['user_1', 'user_2'],
      pieces: [['<user_1>'], ['<user_2>']],
    });
  });

  it('follow the histories where they are numbered as in P5, the test included: the leak', () => {
    const { log } = smallShop();
    const { names, pieces } = sequentialNames('item', log.items, log);
    expect(Array.from(log.history(0), (item) => names[item])).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => `item_${n}`),
    );
    expect(pieces[log.history(0)[5] as number]).toEqual(['item_', '6']);
    expect(() => sequentialNames('item', new IdMap(['x']), log)).toThrow(/other items/);
  });

  it('are codes of alike items, by id', () => {
    const items = new IdMap(['x', 'y']);
    const codes = { items: new IdMap(['y', 'x']), tuple: (item: number) => [7, item] };
    expect(codeNames('item', items, codes).pieces).toEqual([
      ['<a7>', '<b1>'],
      ['<a7>', '<b0>'],
    ]);
    expect(() => codeNames('item', new IdMap(['z']), codes)).toThrow(/"z"/);
  });

  it('are told apart where titles are equal, or empty', () => {
    const { pieces } = titleNames('item', [['gift', 'card'], ['gift', 'card', 'blue'], []], 2);
    expect(pieces).toEqual([['gift~', 'card~'], ['gift~', 'card~', '#2'], ['#1']]);
  });
});

describe('a vocabulary with names', () => {
  const items = {
    names: ['item_12', 'item_1'],
    pieces: [
      ['item_', '12'],
      ['item_', '1'],
    ],
  };
  const tokens = new IdTokens(base, [items]);

  it('gives each piece a token behind the words, and reads them back', () => {
    const known = base.encode('recommend to');
    expect([...tokens.encode('recommend item_12 to item_1')]).toEqual([
      known[0],
      base.size,
      base.size + 1,
      known[1],
      base.size,
      base.size + 2,
    ]);
    expect(tokens.size).toBe(base.size + 3);
    expect(tokens.decode(tokens.encode('recommend item_12 to item_1'))).toBe('recommend item_12 to item_1');
    expect([...(tokens.tokensOf('item_1') ?? [])]).toEqual([base.size, base.size + 2]);
    expect(tokens.tokensOf('recommend')).toBeUndefined();
  });

  it('is another one with other names, and refuses names that cannot be told apart', () => {
    expect(new IdTokens(base, [independentNames('item', 2)]).id).not.toBe(tokens.id);
    expect(() => new IdTokens(base, [{ names: ['a', 'b'], pieces: [['x'], ['x']] }])).toThrow(/b/);
    expect(() => new IdTokens(base, [{ names: ['a'], pieces: [[]] }])).toThrow(/a/);
    expect(() => new IdTokens(base, [{ names: ['a b'], pieces: [['x']] }])).toThrow(/white space/);
  });
});

describe('collaborative vectors', () => {
  it('lie near each other where the same people have items, and far apart otherwise', () => {
    const { log } = smallShop(40);
    const { data, width, provenance } = collaborativeVectors(log, 2, 0);
    const cosine = (a: number, b: number): number =>
      Array.from({ length: width }, (_, d) => (data[a * width + d] ?? 0) * (data[b * width + d] ?? 0)).reduce(
        (sum, value) => sum + value,
        0,
      );
    const group = Array.from(log.items, (id) => id[0]);
    for (let a = 0; a < log.items.size; a++)
      for (let b = 0; b < a; b++)
        if (group[a] === group[b]) expect(cosine(a, b)).toBeGreaterThan(0.9);
        else expect(cosine(a, b)).toBeLessThan(0.5);
    expect(provenance.kind).toBe('interactions');
  });
});
