import { RandomStream, UNKNOWN } from '@palate/core';
import { selectBackend } from '@palate/nn';
import { expect, test } from 'vitest';
import { BiEncoderTask } from '../../src/encoder/bi-encoder-task.js';
import { meanRows } from '../../src/encoder/text-rows.js';
import { TrainedEncoder } from '../../src/encoder/trained-encoder.js';
import { BI_ENCODER, requestPairs, selectPairs, splitPairsByUser } from '../../src/index.js';
import { madeUpRequests } from '../encoder/made-up-requests.js';
import { tinyParts } from '../encoder/tiny-parts.js';

const { dataset, texts, requests, pairs } = madeUpRequests();

test('each item of a request makes a pair; unknown ones are counted', () => {
  expect(pairs.request).toHaveLength(180);
  const some = requestPairs(
    dataset,
    [{ user: 'everybody', items: ['i1', 'nowhere', 'i1'], text: 'x' }, ...requests.slice(0, 1)],
    { texts },
  );
  expect(some.unknownItems).toBe(1);
  expect([...some.request]).toEqual([0, 1, 1, 1]);
  // All that the user's log holds is liked; of somebody without a log, the request's items.
  expect(some.liked.map(({ size }) => size)).toEqual([48, 3]);
  expect(some.provenance).toEqual(UNKNOWN);
  expect(() => requestPairs(dataset, [{ user: 'a', items: ['nowhere'], text: '' }], { texts })).toThrow(
    /without a known item/,
  );
  expect(() => requestPairs(dataset, requests, { texts: [] })).toThrow(/a text for each of 48/);
});

test('no user is in both parts of a split', () => {
  const { train, validation } = splitPairsByUser(pairs, 0.2, 3);
  const users = (part: typeof pairs) => new Set(Array.from(part.request, (at) => part.requests[at]?.user));
  expect(users(train).size).toBe(48);
  expect(users(validation).size).toBe(12);
  expect([...users(train)].filter((user) => users(validation).has(user))).toEqual([]);
  expect(train.request.length + validation.request.length).toBe(pairs.request.length);
  expect(splitPairsByUser(pairs, 0, 3).validation.request).toHaveLength(0);
});

test('a batch holds no item against a request that its user likes', async () => {
  await selectBackend();
  // Users 0 and 1 like each other's items.
  const liked = pairs.liked.map((own, at) =>
    at < 2 ? new Set([...own, ...(pairs.liked[1 - at] ?? [])]) : own,
  );
  const two = selectPairs({ ...pairs, liked }, [0, 3, 6]);
  const encoder = new TrainedEncoder(tinyParts(), 'head');
  const rowsOf = (count: number) =>
    meanRows(
      encoder,
      { means: new Float32Array(count * encoder.parts.width), lengths: new Int32Array(count) },
      0,
    );
  const rows = { requests: rowsOf(pairs.requests.length), items: rowsOf(texts.length) };
  const taskOf = (options: object) =>
    new BiEncoderTask(
      16,
      rows,
      two,
      selectPairs(pairs, []),
      BI_ENCODER.settings({ batchSize: 3, ...options }),
    );
  const task = taskOf({});
  const [make] = task.batches(new RandomStream(1));
  const batch = make?.();
  const values = [...(batch?.negatives?.values ?? [])];
  expect(values).toHaveLength(9);
  // Of the six ordered pairs of different rows, the two between users 0 and 1 are closed.
  expect(values.reduce((sum, value) => sum + value, 0)).toBe(4);
  // Against the catalogue every item is a negative but the batch's own and what the user likes.
  const [makeWide] = taskOf({ negatives: 'catalogue', tuned: 'head' }).batches(new RandomStream(1));
  const wide = makeWide?.().negatives;
  expect(wide?.shape).toEqual([3, 3 + texts.length]);
  const open = Array.from({ length: 3 }, (_, q) =>
    Array.from({ length: texts.length }, (_, item) => wide?.values[q * (3 + texts.length) + 3 + item]),
  );
  const closed = [0, 1, 2].map((at) =>
    texts.map((_, item) => (two.liked[two.request[at] as number]?.has(item) ? 0 : 1)),
  );
  // The batch is in random order.
  expect(open.map((row) => row.join('')).sort()).toEqual(closed.map((row) => row.join('')).sort());
  encoder.dispose();
});
