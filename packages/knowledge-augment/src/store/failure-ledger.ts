import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type KnowledgeKey, type PalateError, storeErrorOf } from '@palate/core';

/** One entity that got no knowledge, and why. */
export interface KnowledgeFailure {
  readonly key: KnowledgeKey;
  readonly code: string;
  readonly message: string;
  /** Answer of the model, where it answered at all: it was paid for. */
  readonly answer?: string | undefined;
  /** Seconds since 1970. */
  readonly at: number;
}

/** Makes the record of a failure. */
export function failureOf(
  key: KnowledgeKey,
  error: PalateError,
  at: number,
  answer?: string,
): KnowledgeFailure {
  return {
    key,
    code: error.code,
    message: error.message,
    answer,
    at,
  };
}

/**
 * Appends failures to a file of JSON lines, so that no entity is dropped in silence.
 *
 * @throws StoreError if the file cannot be written
 */
export async function appendFailure(path: string, failure: KnowledgeFailure): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, `${JSON.stringify(failure)}\n`);
  } catch (cause) {
    throw storeErrorOf(path, 'add a failure to the ledger', cause);
  }
}
