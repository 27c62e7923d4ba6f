import { expect, test } from 'vitest';
import { palate } from './cli.js';

test('what a caller or a file says is printed without what a terminal would obey', async () => {
  // Quoting a value as JSON escapes the first control sequence, but not the one-byte form of the second.
  const hostile = 'net\u001b[2J\u009b31mflix';
  const plain = await palate(['fit', '--data', hostile]);
  expect(plain.code).toBe(1);
  expect(plain.stderr).toMatch(/net.*flix/);
  expect(plain.stderr).not.toMatch(/[^\P{Cc}\n]/u);
  const { error } = JSON.parse(
    (await palate(['recommend', '--data', hostile, '--user', '1', '--json'])).stdout,
  );
  expect(error.message).toMatch(/net.*flix/);
  expect(error.message).not.toMatch(/\p{Cc}/u);
});
