import { Catalog, createDataset, IdMap, InteractionLog } from '@palate/core';
import { expect, test } from 'vitest';
import { BprSlim } from '../src/index.js';

/** One user, who has the items a and b of a, b and c. */
function oneUser() {
  const items = new IdMap(['a', 'b', 'c']);
  return createDataset({
    name: 'one user',
    log: new InteractionLog({
      users: new IdMap(['u'], 'user'),
      items,
      user: Int32Array.of(0, 0),
      item: Int32Array.of(0, 1),
      timestamp: Float64Array.of(1, 2),
    }),
    catalog: new Catalog({ items, text: { title: ['a', 'b', 'c'] } }),
    licence: 'none',
    source: 'test',
  });
}

test('BPR-SLIM learns the weights that two steps by hand give', async () => {
  const fit = { epochs: 1, learningRate: 0.2, regularisation: 0, otherRegularisation: 0 };
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const met = new Set<string>();
  for (let seed = 0; seed < 12; seed++) {
    const slim = await BprSlim.fit(oneUser(), { ...fit, seed });
    const scores = await slim.scoreAll([{ history: [0] }, { history: [1] }]);
    const [ofA, ofB] = [scores.subarray(0, 3), scores.subarray(3, 6)];
    expect([ofA[0], ofB[1]]).toEqual([0, 0]);
    // A first step has margin 0 and moves by 0.2 / 2. The second meets the same item, margin .1 + .1 + .1, or the other.
    const isSame = ofA[1] === 0 || ofB[0] === 0;
    const second = 0.2 * sigmoid(isSame ? -0.3 : -0.2);
    expect(ofA[2]).toBeCloseTo(-0.1 - second, 6);
    expect(ofB[2]).toBeCloseTo(-0.1 - second, 6);
    const sum = (ofA[1] as number) + (ofB[0] as number);
    expect(sum).toBeCloseTo(0.1 + second, 6);
    met.add(isSame ? 'same' : 'other');
  }
  expect(met).toEqual(new Set(['same', 'other']));
});
