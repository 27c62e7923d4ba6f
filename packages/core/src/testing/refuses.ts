import assert from 'node:assert/strict';
import { PalateError } from '../errors.js';

/** Asserts that a call is refused by a Palate error of a code. */
export async function refuses(call: () => Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(PalateError.is(error), `expected a PalateError, got ${String(error)}`);
    assert.equal(error.code, code);
    return true;
  });
}
