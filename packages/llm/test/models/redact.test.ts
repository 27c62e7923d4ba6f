import { expect, test } from 'vitest';
import { cleanError, redactor } from '../../src/models/redact.js';

test('takes out secrets, plain and URL-encoded, and parts of headers, but no placeholders', () => {
  const redact = redactor(['sk-12345/678', undefined, 'Bearer another-secret', 'none', '']);
  expect(redact('key sk-12345/678 and sk-12345%2F678, another-secret; none found')).toBe(
    'key [redacted] and [redacted], [redacted]; none found',
  );
});

test('a secret that is part of another leaves nothing of it behind', () => {
  expect(redactor(['secret-1', 'secret-1-long'])('secret-1-long')).toBe('[redacted]');
});

test('cleans an error with its causes and drops whatever else it carries', () => {
  const inner = Object.assign(new TypeError('inner secret-1'), { headers: { authorization: 'secret-1' } });
  const clean = cleanError(new Error('outer secret-1', { cause: inner }), redactor(['secret-1'])) as Error;
  expect(clean.message).toBe('outer [redacted]');
  expect((clean.cause as Error).name).toBe('TypeError');
  expect((clean.cause as Error).message).toBe('inner [redacted]');
  expect(clean.cause).not.toHaveProperty('headers');
  expect(`${clean.stack}${(clean.cause as Error).stack}`).not.toContain('secret-1');
  // A cause that is its own cause comes to an end.
  const loop = new Error('loop');
  loop.cause = loop;
  expect((cleanError(loop, redactor([])) as Error).message).toBe('loop');
});
