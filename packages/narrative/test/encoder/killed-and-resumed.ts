import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LongCallOptions } from '@palate/core';
import { expect } from 'vitest';

interface Resumable extends LongCallOptions {
  readonly checkpoint: { readonly dir: string; readonly everySteps: number };
}

/** Fits a model that is cancelled at a step, and again from the checkpoint that it left. */
export async function killedAndResumed<M>(step: number, fit: (more: Resumable) => Promise<M>): Promise<M> {
  const checkpoint = { dir: join(mkdtempSync(join(tmpdir(), 'palate-resumed-')), 'model'), everySteps: 1 };
  const controller = new AbortController();
  let steps = 0;
  const stopped = fit({
    checkpoint,
    signal: controller.signal,
    onProgress: () => {
      if (++steps === step) controller.abort(new Error('killed'));
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  return fit({ checkpoint });
}
