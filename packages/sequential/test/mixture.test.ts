// A gate weighs recommenders query by query: better than the best part where parts are good at different queries, that part
// alone where mixing does not help.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  contentHash,
  fingerprint,
  InteractionLog,
  listsFromScores,
  type Query,
  RandomStream,
  type Retriever,
} from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Mixture } from '../src/index.js';

const ITEMS = 40;
const USERS = 160;

/** Every user goes on from the last item by 1; half of them have short histories. */
const walks = Array.from({ length: USERS }, (_, user) => {
  const length = user % 2 === 0 ? 3 : 9;
  return Array.from({ length: length + 2 }, (_, k) => ({
    user: `u${user}`,
    item: `i${(user * 7 + k) % ITEMS}`,
    timestamp: k,
    part: k === length + 1 ? 'test' : k === length ? 'validation' : 'train',
  }));
}).flat();
const all = InteractionLog.fromRows(walks);
const pick = (part: string): InteractionLog =>
  all.select(Int32Array.from(walks.flatMap((row, at) => (row.part === part ? [at] : []))));
const [train, validation, held] = [pick('train'), pick('validation'), pick('test')];
const { items } = train;
const next = (item: number): number => items.indexOf(`i${(Number(items.idOf(item).slice(1)) + 1) % ITEMS}`);

/** A recommender that knows what comes next after some histories, and guesses after others. */
function knowing(name: string, knows: (length: number) => boolean): Retriever {
  const part: Retriever & { scoreAll(queries: readonly Query[]): Promise<Float32Array> } = {
    name,
    items,
    async scoreAll(queries) {
      const scores = new Float32Array(queries.length * ITEMS);
      for (const [q, { history = [] }] of queries.entries()) {
        const random = new RandomStream(q).fork(`${name} ${contentHash(Array.from(history))}`);
        const row = scores.subarray(q * ITEMS, (q + 1) * ITEMS);
        for (let item = 0; item < ITEMS; item++) row[item] = random.uniform();
        if (knows(history.length)) row[next(history[history.length - 1] ?? 0)] = 2;
      }
      return scores;
    },
    retrieve: (queries, k, options = {}) => listsFromScores(part, queries, k, options),
  };
  return part;
}
const short = knowing('short', (length) => length < 6);
const long = knowing('long', (length) => length >= 6);
const never = knowing('never', () => false);
const always = knowing('always', () => true);

const hits = async (retriever: Retriever): Promise<number> => {
  const queries = Array.from({ length: USERS }, (_, user) => ({
    history: [...train.history(user), ...validation.history(user)],
  }));
  const lists = await retriever.retrieve(queries, 1);
  return lists.filter(([first], user) => first?.item === held.history(user)[0]).length / USERS;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-mixture-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a mixture', () => {
  test('asks the part that knows, query by query, and is read back with its parts', async () => {
    const mixture = await Mixture.fit([short, long], train, validation, { depth: 20 });
    const [a, b] = [await hits(short), await hits(long)];
    expect(Math.max(a, b)).toBeLessThan(0.65);
    expect(await hits(mixture)).toBeGreaterThan(0.95);
    expect(mixture.alone).toBeUndefined();
    expect(mixture.choice.mixture).toBeGreaterThan(Math.max(...mixture.choice.parts) + 0.2);
    const asked = [{ history: [3, 4] }, { history: [1, 2, 3, 4, 5, 6, 7, 8, 9] }];
    const [few, many] = await mixture.weights(asked);
    expect(few?.short).toBeGreaterThan(0.5);
    expect(many?.long).toBeGreaterThan(0.5);

    await mixture.save(folder);
    const again = await Mixture.load(folder, [short, long]);
    expect(await again.retrieve(asked, 5)).toEqual(await mixture.retrieve(asked, 5));
    await expect(Mixture.load(folder, [long, short])).rejects.toThrow(
      'the parts that the gate was trained for',
    );
  });

  test('leaves the best part alone where the others add nothing', async () => {
    const mixture = await Mixture.fit([never, always], train, validation, { depth: 20 });
    expect(await hits(mixture)).toBe(await hits(always));
    const [weights] = await mixture.weights([{ history: [3] }]);
    expect(weights?.always).toBeGreaterThan(0.9);
  });

  test('refuses one part, and a validation of too few users', async () => {
    await expect(Mixture.fit([short], train, validation)).rejects.toThrow('at least two parts');
    const few = validation.select(Int32Array.of(0, 1));
    await expect(Mixture.fit([short, long], train, few)).rejects.toThrow('a validation of at least 5 users');
  });
});

test('a part that was fitted on what the gate learns from is refused', async () => {
  const split = leaveOneOut(all);
  const part = (name: string, ...logs: InteractionLog[]): Retriever => ({
    ...short,
    name,
    fittedOn: logs.map(fingerprint),
    retrieve: (queries, k, options) => long.retrieve(queries, k, options),
  });
  const own = split.validation as InteractionLog;
  for (const leaking of [part('all of it', all), part('what is known', split.known)])
    await expect(Mixture.fit([part('fair', split.train), leaking], split.train, own)).rejects.toMatchObject({
      code: 'leak',
      expected: expect.stringContaining(leaking.name),
    });
  const stopped = part('stopped by it', split.train, own);
  await expect(
    Mixture.fit([part('fair', split.train), stopped], split.train, own, { users: 20, depth: 10 }),
  ).resolves.toBeInstanceOf(Mixture);
});
