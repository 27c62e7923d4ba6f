import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Disposable } from '../basics/disposable.js';
import { PalateError } from '../basics/errors.js';
import type { ConformanceCase } from './conformance.js';
import { settled } from './garbage.js';

/** Arguments of {@link disposableConformance}. */
export interface DisposableConformanceOptions<T extends Disposable> {
  /** Makes a small model. */
  readonly create: () => Promise<T>;
  /** Counts what the models hold now, for example `() => tf.memory().numTensors`. */
  readonly held: () => number;
  /** Everything that needs the model's weights: each has to throw once it is disposed. */
  readonly uses: readonly ((model: T) => unknown)[];
  /** Writes it into a new folder, where it can be saved. */
  readonly save?: ((model: T, dir: string) => Promise<void>) | undefined;
  /** Reads it back. */
  readonly load?: ((dir: string) => Promise<T>) | undefined;
}

/** Tests what a model that holds memory outside of JavaScript's objects does when it is given back. */
export function disposableConformance<T extends Disposable>(
  options: DisposableConformanceOptions<T>,
): ConformanceCase[] {
  const { create, held, uses, save, load } = options;
  return [
    {
      name: 'releases everything that a fit allocated, also when disposed twice or at the end of a block',
      run: async () => {
        // The first may leave what all models share.
        (await create()).dispose();
        const before = await settled(held);
        const model = await create();
        for (const use of uses) await use(model);
        assert.ok(held() > before, 'the model holds nothing');
        model.dispose();
        assertNoMore(held(), before);
        model.dispose();
        assertNoMore(held(), before);
        (await create())[Symbol.dispose]();
        assertNoMore(held(), before);
      },
    },
    {
      name: 'refuses every call once it is disposed, and saves nothing',
      run: () =>
        inFolder(async (root) => {
          const model = await create();
          model.dispose();
          const before = await settled(held);
          for (const use of uses) await assertRefused(async () => use(model), `use ${use}`);
          assertNoMore(held(), before);
          const dir = join(root, 'disposed');
          if (save) await assertRefused(() => save(model, dir), 'save');
          if (load) await assert.rejects(load(dir), 'something was saved');
        }),
    },
    ...(save && load
      ? [
          {
            name: 'releases everything that loading allocated',
            run: () =>
              inFolder(async (root) => {
                const dir = join(root, 'model');
                const model = await create();
                await save(model, dir);
                model.dispose();
                (await load(dir)).dispose();
                const before = await settled(held);
                for (let round = 0; round < 3; round++) {
                  const loaded = await load(dir);
                  for (const use of uses) await use(loaded);
                  loaded.dispose();
                  assertNoMore(held(), before);
                }
              }),
          },
        ]
      : []),
  ];
}

/** It may be less: what nobody held any more from before may be freed meanwhile. */
function assertNoMore(now: number, before: number): void {
  assert.ok(now <= before, `${now} are held where there were ${before} before`);
}

async function assertRefused(run: () => Promise<unknown>, what: string): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(PalateError.is(error), `${what}: ${String(error)}`);
    return true;
  });
}

async function inFolder(run: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'palate-disposable-'));
  try {
    await run(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
