import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError } from '@palate/core';
import { describe, expect, test } from 'vitest';
import { Batcher } from '../../src/server/host/batcher.js';
import { Admission } from '../../src/server/http/admission.js';
import { ApiKeys, addApiKey } from '../../src/server/http/api-keys.js';
import { openApi } from '../../src/server/http/openapi.js';
import { ENGINE_ROUTES, OWN_ROUTES } from '../../src/server/http/routes.js';
import { Jobs } from '../../src/server/jobs.js';

describe('requests that wait are answered together', () => {
  const signal = new AbortController().signal;

  test('each with its own answer, no more at a time than allowed', async () => {
    const sizes: number[] = [];
    const batcher = new Batcher(async (requests: readonly number[]) => {
      sizes.push(requests.length);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return requests.map((request) => request * 2);
    }, 4);
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((request) => batcher.ask(request, signal)));
    expect(answers.map(({ answer }) => answer)).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(sizes).toEqual([4, 3]);
    expect((await batcher.ask(8, signal)).answer).toBe(16);
  });

  test('one that fails does not fail the others, and one that was given up is not asked', async () => {
    const asked: number[] = [];
    const batcher = new Batcher(async (requests: readonly number[]) => {
      asked.push(...requests);
      if (requests.includes(3)) throw new Error('three');
      return requests;
    }, 8);
    const gone = AbortSignal.abort();
    const outcomes = await Promise.allSettled([
      batcher.ask(1, signal),
      batcher.ask(2, gone),
      batcher.ask(3, signal),
      batcher.ask(4, signal),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect((outcomes[1] as PromiseRejectedResult).reason).toBeInstanceOf(CancelledError);
    expect(asked).not.toContain(2);
  });
});

test('an admission counts what is under way by its weight', () => {
  const admission = new Admission(4);
  const leave = admission.enter(3);
  expect(() => admission.enter(2)).toThrow(/at most 4/);
  const other = admission.enter(1);
  leave();
  leave();
  expect(admission.under).toBe(1);
  other();
  // A call that alone is more than the limit is let in where nothing else is.
  admission.enter(10)();
  expect(admission.under).toBe(0);
});

test('a client that asks too often is refused, others are not', async () => {
  const admission = new Admission(10, 3);
  const asked = await Promise.allSettled(
    ['a', 'a', 'a', 'a', 'b'].map((client) => admission.checkRate(client)),
  );
  expect(asked.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect((asked[3] as PromiseRejectedResult).reason).toMatchObject({
    code: 'too-many-requests',
    isRetryable: true,
  });
});

test('a file of keys is read as it is written, and refused by its line without a word of the key', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'palate-keys-')), 'keys');
  const first = await addApiKey(path, 'first');
  const second = await addApiKey(path, 'second');
  const keys = await ApiKeys.read(path);
  expect([
    keys.holderOf(first),
    keys.holderOf(second),
    keys.holderOf(`${first} `),
    keys.holderOf(''),
  ]).toEqual(['first', 'second', undefined, undefined]);
  await writeFile(path, `# keys\n\nname ${first}\n`);
  const error = await ApiKeys.read(path).catch((caught: Error) => caught);
  expect(String(error)).toMatch(/line 3/);
  expect(String(error)).not.toContain(first);
  await writeFile(path, '\n');
  await expect(ApiKeys.read(path)).rejects.toThrow(/at least one API key/);
  await expect(addApiKey(path, 'a b')).rejects.toMatchObject({ code: 'invalid-input' });
});

describe('jobs', () => {
  test('tell their progress to whoever follows, and how they ended', async () => {
    const jobs = new Jobs();
    let go: () => void = () => undefined;
    const { id } = jobs.start('fit', 'a system', async ({ onProgress }) => {
      onProgress({ phase: 'epoch', done: 1, total: 2 });
      await new Promise<void>((resolve) => {
        go = resolve;
      });
    });
    const seen: string[] = [];
    for await (const { state, progress } of jobs.follow(id, new AbortController().signal)) {
      seen.push(`${state} ${progress?.done ?? 0}`);
      if (progress) go();
    }
    expect(seen.at(-1)).toBe('done 1');
    expect(seen).toContain('running 1');
    const failed = jobs.start('fit', 'another', async () => {
      throw new Error('no');
    });
    expect(await jobs.cancel(failed.id)).toMatchObject({ state: 'failed', error: { message: 'no' } });
  });

  test('stop when they are told to, and are found while they run', async () => {
    const jobs = new Jobs();
    const job = jobs.start(
      'refit',
      'all',
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    expect(jobs.running('refit')?.id).toBe(job.id);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(await jobs.cancel(job.id)).toMatchObject({ state: 'cancelled' });
    expect(jobs.running('refit')).toBeUndefined();
    expect(await jobs.cancel('none')).toBeUndefined();
  });
});

test('the description names every call, and every reference in it leads somewhere', () => {
  const description = openApi('1.0.0') as {
    paths: Record<string, Record<string, { operationId?: string }>>;
    components: { schemas: Record<string, unknown> };
  };
  for (const { method, path } of [...ENGINE_ROUTES, ...OWN_ROUTES])
    expect(description.paths[`/api/v1${path}`]?.[method], path).toBeDefined();
  const references = [...JSON.stringify(description).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, to]) => to ?? '',
  );
  expect(references.length).toBeGreaterThan(20);
  for (const reference of references)
    expect(
      description.components.schemas[reference.replace('#/components/schemas/', '')],
      reference,
    ).toBeDefined();
  const ids = Object.values(description.paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ operationId }) => operationId ?? []),
  );
  expect(new Set(ids).size).toBe(ids.length);
});
