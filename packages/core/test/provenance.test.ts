import { describe, expect, it } from 'vitest';
import {
  checkProvenance,
  EmbeddingTable,
  fingerprint,
  IdMap,
  InteractionLog,
  joinProvenance,
  type KnowledgeEntry,
  madeFrom,
  Pipeline,
  type Provenance,
  provenanceOf,
  provenanceOfAll,
  readProvenance,
  UNKNOWN,
  WORLD,
} from '../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'ann', item: 'alien', timestamp: 10 },
  { user: 'ann', item: 'heat', timestamp: 20 },
  { user: 'ann', item: 'jaws', timestamp: 20 },
  { user: 'ann', item: 'tron', timestamp: 30 },
  { user: 'bob', item: 'alien', timestamp: 15 },
  { user: 'bob', item: 'tron', timestamp: 40 },
]);
const rows = (...list: number[]): InteractionLog => log.select(Int32Array.from(list));
const leaks = (provenance: Provenance, test: InteractionLog, more = {}): boolean => {
  try {
    checkProvenance('the vectors', provenance, { rows: test, ...more });
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'leak' });
    return true;
  }
};

describe('checkProvenance', () => {
  it('admits what comes from no interactions, and refuses what does not say', () => {
    expect(leaks(WORLD, log)).toBe(false);
    expect(leaks(UNKNOWN, rows(5))).toBe(true);
    expect(leaks(madeFrom({}), rows(5))).toBe(true);
    expect(leaks(UNKNOWN, rows())).toBe(false);
  });

  it('compares times: what stands at the last time seen is known', () => {
    expect(leaks(madeFrom({ until: 20 }), rows(3, 5))).toBe(false);
    expect(leaks(madeFrom({ until: 30 }), rows(3, 5))).toBe(true);
    expect(leaks(madeFrom({ until: 29 }), rows(4, 5))).toBe(true);
  });

  it('compares single users, by counts where times are equal', () => {
    const ann = madeFrom({ users: { ann: { n: 2, until: 20 } } });
    // Ann's third interaction is at the time of her second.
    expect(leaks(ann, rows(2), { positions: [2] })).toBe(false);
    expect(leaks(ann, rows(1), { positions: [1] })).toBe(true);
    expect(leaks(ann, rows(2), { history: rows(0, 1) })).toBe(true);
    expect(leaks(ann, rows(3), { history: rows(0, 1, 2) })).toBe(false);
    expect(leaks(ann, rows(0), { history: rows(1, 2, 3) })).toBe(true);
    // Nothing of Bob was seen.
    expect(leaks(ann, rows(4, 5))).toBe(false);
  });

  it('counts where there are no times, in all that is given', () => {
    const ordered = new InteractionLog({
      users: log.users,
      items: log.items,
      user: Int32Array.of(0, 0, 0),
      item: Int32Array.of(0, 1, 2),
      timestamp: Float64Array.of(0, 1, 2),
      timeUnit: 'position',
    });
    const first = madeFrom({ users: { ann: { n: 2 } } });
    const history = ordered.select(Int32Array.of(0, 1));
    expect(leaks(first, ordered.select(Int32Array.of(2)), { history })).toBe(false);
    expect(leaks(first, ordered.select(Int32Array.of(1)), { history })).toBe(true);
    // Seconds say nothing about positions.
    expect(leaks(madeFrom({ until: -5 }), ordered.select(Int32Array.of(2)))).toBe(true);
  });

  it('admits what was made from the training data alone', () => {
    const train = rows(0, 1, 4);
    const made = madeFrom({ log: fingerprint(train) });
    expect(leaks(made, rows(2, 5))).toBe(true);
    expect(leaks(made, rows(2, 5), { training: [fingerprint(train)] })).toBe(false);
    expect(leaks(made, rows(2, 5), { training: [fingerprint(rows(0, 1))] })).toBe(true);
  });

  it('names what was predicted and what was seen', () => {
    expect(() =>
      checkProvenance('the texts about users', madeFrom({ users: { bob: { n: 2, until: 40 } } }), {
        rows: rows(5),
      }),
    ).toThrow(/texts about users.*"bob" with item "tron" at 40.*first 2 interactions until 40/);
  });

  it('is not misled by ids that objects have anyway', () => {
    const odd = InteractionLog.fromRows([{ user: 'constructor', item: 'x', timestamp: 1 }]);
    expect(leaks(madeFrom({ users: { ann: { n: 3 } } }), odd)).toBe(false);
  });
});

describe('joinProvenance', () => {
  it('knows what any part knows', () => {
    expect(joinProvenance([WORLD, WORLD])).toEqual(WORLD);
    expect(joinProvenance([WORLD, UNKNOWN, madeFrom({ until: 1 })])).toEqual(UNKNOWN);
    const joined = joinProvenance([
      madeFrom({ until: 20 }),
      WORLD,
      madeFrom({ users: { ann: { n: 3, until: 20 } } }),
      madeFrom({ users: { ann: { n: 2, until: 25 }, bob: { n: 1 } } }),
    ]);
    expect(joined).toEqual(madeFrom({ until: 20 }, { users: { ann: { n: 3, until: 25 }, bob: { n: 1 } } }));
    expect(leaks(joined, rows(3), { positions: [3] })).toBe(false);
    expect(leaks(joined, rows(5), { positions: [0] })).toBe(true);
  });
});

describe('readProvenance', () => {
  it('brings back what JSON holds, and refuses anything else', () => {
    for (const provenance of [
      WORLD,
      UNKNOWN,
      madeFrom({ until: 3, log: 'ab', users: { ann: { n: 2, until: 20 } } }),
    ])
      expect(readProvenance(JSON.parse(JSON.stringify(provenance)))).toEqual(provenance);
    for (const bad of [
      undefined,
      'world',
      { kind: 'nothing' },
      { kind: 'interactions', sources: [] },
      { kind: 'interactions', sources: [{ until: 'now' }] },
      { kind: 'interactions', sources: [{ users: { ann: 3 } }] },
      { kind: 'interactions', sources: [{ users: { ann: { n: -1 } } }] },
      { kind: 'interactions', sources: [{ upTo: 3 }] },
    ])
      expect(() => readProvenance(bad)).toThrow(/provenance/);
  });
});

describe('texts and vectors', () => {
  const entry: KnowledgeEntry = {
    entityType: 'user',
    entity: 'ann',
    kind: 'preference',
    promptVersion: '1',
    model: 'm',
    text: 'likes war',
    createdAt: 1,
  };

  it('say what they know', () => {
    expect(provenanceOf(entry)).toEqual(UNKNOWN);
    const { sources: [source] = [] } = provenanceOf({
      ...entry,
      facts: { n: 2 },
      knowsUntil: 20,
    }) as Extract<Provenance, { kind: 'interactions' }>;
    expect(source).toEqual({ users: { ann: { n: 2, until: 20 } } });
    // Without a count nothing at the last time is admitted.
    expect(leaks(provenanceOf({ ...entry, knowsUntil: 20 }), rows(2), { positions: [2] })).toBe(true);
    expect(leaks(provenanceOf({ ...entry, knowsUntil: 20 }), rows(3), { positions: [3] })).toBe(false);
    expect(provenanceOf({ ...entry, entityType: 'item', knowsUntil: 20 })).toEqual(madeFrom({ until: 20 }));
    expect(provenanceOf({ ...entry, provenance: WORLD, knowsUntil: 20 })).toEqual(WORLD);
    expect(
      provenanceOfAll([
        { ...entry, facts: { n: 1 } },
        { ...entry, entity: 'bob', facts: { n: 2 } },
      ]),
    ).toEqual(madeFrom({ users: { ann: { n: 1 }, bob: { n: 2 } } }));
  });

  it('hand it on to a pipeline', () => {
    const items = new IdMap(['a']);
    const retriever = { name: 'r', items, retrieve: async () => [] };
    const ranker = { name: 'k', provenance: madeFrom({ until: 3 }), rank: async () => [] };
    expect(new Pipeline(retriever, []).provenance).toBeUndefined();
    expect(new Pipeline(retriever, [ranker]).provenance).toEqual(madeFrom({ until: 3 }));
    expect(new Pipeline({ ...retriever, provenance: UNKNOWN }, [ranker]).provenance).toEqual(UNKNOWN);
  });

  it('hand it on when they are put into another order', () => {
    const table = new EmbeddingTable(new IdMap(['a', 'b']), 1, Float32Array.of(1, 2));
    expect(table.provenance).toEqual(UNKNOWN);
    const stated = table.withProvenance(madeFrom({ until: 3 }));
    expect(stated.align(new IdMap(['b'])).provenance).toEqual(madeFrom({ until: 3 }));
  });
});
