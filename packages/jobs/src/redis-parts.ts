import { InvalidInputError, MissingDependencyError, PalateError } from '@palate/core';
import type { Redis } from 'ioredis';

/** The package of queues, loaded when it is first needed. */
export async function loadBullmq(): Promise<typeof import('bullmq')> {
  return import('bullmq').catch((cause: unknown) => {
    throw new MissingDependencyError('bullmq', 'a queue on Redis', cause);
  });
}

/**
 * Connects to a Redis server, and waits until it answers.
 *
 * @param url - `redis://` or `rediss://`; messages never hold a password
 * @throws PalateError of code `queue-unreachable` if it does not answer
 */
export async function connectRedis(url: string): Promise<Redis> {
  const { Redis: Client } = await import('ioredis').catch((cause: unknown) => {
    throw new MissingDependencyError('ioredis', 'a queue on Redis', cause);
  });
  if (!/^rediss?:\/\//.test(url) || !URL.canParse(url))
    throw new InvalidInputError({
      expected: 'the URL of a Redis server, such as redis://localhost:6379',
      received: 'something else',
      hint: 'Give redis://user:password@host:port/number.',
    });
  const { host } = new URL(url);
  // Workers wait for a server that restarts; the first connection has to succeed.
  const client = new Client(url, { maxRetriesPerRequest: null, lazyConnect: true });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    client.disconnect();
    throw new PalateError('queue-unreachable', {
      expected: `a Redis server that answers at ${host}`,
      received: cause instanceof Error ? cause.message : 'none',
      hint: 'Start it (redis-server --appendonly yes), or give another address.',
      cause,
      isRetryable: true,
    });
  }
  return client;
}
