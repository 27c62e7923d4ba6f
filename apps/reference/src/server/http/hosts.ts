import { PalateError } from '@palate/core';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Whether an address is this machine's own, which no other reaches. */
export function isLoopback(address: string): boolean {
  return ['localhost', '127.0.0.1', '::1'].includes(address);
}

/**
 * Names under which a server that listens on an address may be asked; any where others than this machine can reach it. A
 * page of the web whose name leads to this machine could ask a server on loopback otherwise.
 *
 * @param more - further names, such as that of a proxy in front
 */
export function allowedHosts(address: string, more: readonly string[] = []): ReadonlySet<string> | undefined {
  if (!isLoopback(address)) return more.length > 0 ? new Set(more) : undefined;
  return new Set([...LOOPBACK, ...more]);
}

/**
 * Refuses a request by another name.
 *
 * @throws PalateError of code `forbidden-host`
 */
export function checkHost(header: string | undefined, allowed: ReadonlySet<string> | undefined): void {
  if (!allowed) return;
  const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
  if (allowed.has(name)) return;
  throw new PalateError('forbidden-host', {
    expected: `the host to be one of ${[...allowed].join(', ')}`,
    received: JSON.stringify(name),
    hint: 'Name it with --hosts if a proxy uses it.',
  });
}
