import assert from 'node:assert/strict';
import { PalateError } from '../basics/errors.js';

/**
 * Asserts that a call is refused by a Palate error of a code.
 *
 * @param what - what is refused, for the message
 */
export async function refuses(call: () => Promise<unknown>, code: string, what?: string): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (caught) {
    error = caught ?? new Error('nothing was thrown');
  }
  const where = what === undefined ? '' : `${what}: `;
  assert.ok(error !== undefined, `${where}expected a PalateError of code ${code}, but the call went through`);
  assert.ok(PalateError.is(error), `${where}expected a PalateError, got ${String(error)}`);
  assert.equal(error.code, code, where + error.message);
}
