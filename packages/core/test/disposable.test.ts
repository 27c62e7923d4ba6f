import { expect, test } from 'vitest';
import { disposedOnFailure } from '../src/index.js';
import { collectGarbage, settled } from '../src/testing/index.js';

test('what was just made is disposed of once where the work on it fails, and kept where it does not', async () => {
  let disposed = 0;
  const made = { dispose: () => disposed++ };
  expect(await disposedOnFailure(made, () => 3)).toBe(3);
  expect(disposed).toBe(0);
  await expect(disposedOnFailure(made, () => Promise.reject(new Error('late')))).rejects.toThrow('late');
  const atOnce = disposedOnFailure(made, () => {
    throw new Error('at once');
  });
  await expect(atOnce).rejects.toThrow('at once');
  expect(disposed).toBe(2);
});

test('a settled count leaves out what nobody holds any more, and keeps what somebody does', async () => {
  let held = 0;
  const freed = new FinalizationRegistry<number>((count) => {
    held -= count;
  });
  const make = (): object => {
    const thing = { name: 'thing' };
    held++;
    freed.register(thing, 1);
    return thing;
  };
  const kept = make();
  for (let k = 0; k < 100; k++) make();
  await collectGarbage();
  // The last one may still lie in a register of the engine.
  expect(await settled(() => held)).toBeLessThanOrEqual(2);
  expect(held).toBeGreaterThanOrEqual(1);
  expect(kept).toEqual({ name: 'thing' });
});
