import { describe, expect, it } from 'vitest';
import {
  CancelledError,
  checkSavedNames,
  checkSavedShapes,
  InvalidInputError,
  rebuildSaved,
} from '../src/index.js';

const tensors = {
  table: { shape: [2, 3], values: new Float32Array(6) },
  counts: { shape: [2], values: new Int32Array(2) },
};

describe('parts of an artifact', () => {
  it('have the shapes and the type that settings imply, or are refused by name', () => {
    expect(() => checkSavedShapes('dir', tensors, { table: [2, 3] })).not.toThrow();
    for (const [shapes, message] of [
      [{ table: [3, 2] }, /table.*\[3, 2\].*\[2, 3\]/],
      [{ other: [1] }, /other.*none/],
      [{ counts: [2] }, /counts.*Int32Array/],
      [{ toString: [1] }, /toString.*none/],
    ] as const)
      expect(() => checkSavedShapes('dir', tensors, shapes)).toThrow(message);
  });

  it('have no names that the model does not know', () => {
    expect(() => checkSavedNames('dir', tensors, ['table', 'counts', 'more'])).not.toThrow();
    expect(() => checkSavedNames('dir', tensors, ['table'])).toThrow(/"counts"/);
  });

  it('that make rebuilding fail are an error of the artifact, with the cause', async () => {
    expect(await rebuildSaved('dir', 'a number', () => 3)).toBe(3);
    const cause = new InvalidInputError({ expected: 'a', received: 'b', hint: 'c' });
    await expect(
      rebuildSaved('dir', 'a model', () => {
        throw cause;
      }),
    ).rejects.toMatchObject({ code: 'artifact', path: 'dir', cause });
    await expect(
      rebuildSaved('dir', 'a model', async () => {
        throw new CancelledError('loading');
      }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});
