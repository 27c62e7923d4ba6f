import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import {
  type KnowledgeEntry,
  type KnowledgeFilter,
  type KnowledgeStore,
  type LongCallOptions,
  PalateError,
  type PalateErrorDetails,
  ParseError,
  readProvenance,
  throwIfCancelled,
} from '@palate/core';
import { readJsonLines } from '@palate/datasets';

/** Entries that are stored together while a file is read. */
const BLOCK = 500;

const TEXTS = ['entityType', 'entity', 'kind', 'promptVersion', 'model', 'text'] as const;

/**
 * Writes entries as JSON lines, one an entry; the file appears when it is whole.
 *
 * @returns how many were written
 */
export async function exportKnowledge(
  store: KnowledgeStore,
  path: string,
  filter: KnowledgeFilter = {},
  options: LongCallOptions = {},
): Promise<number> {
  const temporary = `${path}.writing-${process.pid}-${randomBytes(4).toString('hex')}`;
  const file = createWriteStream(temporary);
  let written = 0;
  try {
    for await (const entry of store.list({ allVersions: true, ...filter })) {
      throwIfCancelled(options.signal, 'exporting knowledge');
      if (!file.write(`${JSON.stringify(entry)}\n`)) await once(file, 'drain');
      written++;
      if (written % BLOCK === 0) options.onProgress?.({ phase: 'export knowledge', done: written });
    }
    file.end();
    await once(file, 'finish');
    await rename(temporary, path);
    return written;
  } catch (error) {
    file.destroy();
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Reads entries that {@link exportKnowledge} wrote, or that have its form, into a store. Every line is checked before
 * the first is stored.
 *
 * @returns how many were stored
 * @throws ParseError naming file and line of the first record that is no entry
 */
export async function importKnowledge(
  store: KnowledgeStore,
  path: string,
  options: LongCallOptions = {},
): Promise<number> {
  const entries: KnowledgeEntry[] = [];
  await readJsonLines(path, (record, line) => {
    const wrong = TEXTS.find((field) => typeof record[field] !== 'string' || record[field] === '');
    const typed = record.entityType === 'item' || record.entityType === 'user';
    if (wrong !== undefined || !typed || typeof record.createdAt !== 'number')
      throw new ParseError(
        { file: path, line, column: 1 },
        {
          expected: `a knowledge entry with ${TEXTS.join(', ')} and createdAt`,
          received: wrong
            ? `${JSON.stringify(record[wrong])} as its ${wrong}`
            : JSON.stringify(record).slice(0, 120),
          hint: 'entityType is "item" or "user"; createdAt counts seconds since 1970.',
        },
      );
    checkNote(record.provenance, path, line);
    // Every field was checked above.
    entries.push(record as unknown as KnowledgeEntry);
  });
  for (let from = 0; from < entries.length; from += BLOCK) {
    throwIfCancelled(options.signal, 'importing knowledge');
    await store.put(entries.slice(from, from + BLOCK));
    options.onProgress?.({
      phase: 'import knowledge',
      done: Math.min(entries.length, from + BLOCK),
      total: entries.length,
    });
  }
  return entries.length;
}

/** Refuses a note of what a text was made from that cannot be read. */
function checkNote(provenance: unknown, file: string, line: number): void {
  if (provenance === undefined) return;
  try {
    readProvenance(provenance);
  } catch (cause) {
    if (!PalateError.is(cause)) throw cause;
    throw new ParseError({ file, line, column: 1 }, { ...detailsOf(cause), cause });
  }
}

function detailsOf({ expected, received, hint }: PalateError): PalateErrorDetails {
  return { expected, received, hint };
}
