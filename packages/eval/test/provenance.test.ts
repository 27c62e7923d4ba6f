import {
  fingerprint,
  InteractionLog,
  madeFrom,
  type Provenance,
  type Retriever,
  UNKNOWN,
  WORLD,
} from '@palate/core';
import { describe, expect, it } from 'vitest';
import { evaluateRanking } from '../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'ann', item: 'alien', timestamp: 10 },
  { user: 'ann', item: 'heat', timestamp: 20 },
  { user: 'bob', item: 'heat', timestamp: 15 },
  { user: 'bob', item: 'alien', timestamp: 40 },
]);
const history = log.select(Int32Array.of(0, 2));
const test = log.select(Int32Array.of(1, 3));

const builtWith = (provenance: Provenance | undefined): Retriever => ({
  name: 'by texts',
  items: log.items,
  provenance,
  retrieve: async (queries) => queries.map(() => [{ item: 0, score: 1 }]),
});

describe('evaluateRanking', () => {
  const refused = (provenance: Provenance | undefined, train?: InteractionLog): Promise<boolean> =>
    evaluateRanking(
      builtWith(provenance),
      { history, test, train },
      { resamples: 0, metrics: ['hr@1'] },
    ).then(
      () => false,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'leak' });
        return true;
      },
    );

  it('refuses by itself what knows the test, or does not say what it knows', async () => {
    expect(await refused(undefined)).toBe(false);
    expect(await refused(WORLD)).toBe(false);
    expect(await refused(UNKNOWN)).toBe(true);
    expect(await refused(madeFrom({ until: 19 }))).toBe(false);
    expect(await refused(madeFrom({ until: 20 }))).toBe(true);
  });

  it('admits what was made from the log that systems are told, or were fitted on', async () => {
    const train = log.select(Int32Array.of(0));
    expect(await refused(madeFrom({ log: fingerprint(history) }))).toBe(false);
    expect(await refused(madeFrom({ log: fingerprint(log) }))).toBe(true);
    expect(await refused(madeFrom({ log: fingerprint(train) }))).toBe(true);
    expect(await refused(madeFrom({ log: fingerprint(train) }), train)).toBe(false);
  });
});
