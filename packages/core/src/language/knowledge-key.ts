import { InvalidInputError } from '../basics/errors.js';
import type { KnowledgeEntry, KnowledgeKey } from './knowledge-store.js';

/** Parts of a key in the order in which stores keep them, so that one kind of knowledge, and all versions, lie together. */
export const KNOWLEDGE_KEY_FIELDS = ['entityType', 'kind', 'promptVersion', 'model', 'entity'] as const;

/** Longest key of knowledge, in bytes: what the narrowest store takes, with room for its own marks. */
const LONGEST_KEY = 1900;

/**
 * Checks the key of a piece of knowledge, in the same way for every store.
 *
 * @returns its parts in the order of {@link KNOWLEDGE_KEY_FIELDS}, then the hash of the prompt where it has one
 * @throws InvalidInputError if a part is no text or empty, or they are longer than 1,900 bytes together
 */
export function knowledgeKeyParts(key: KnowledgeKey): string[] {
  const parts: string[] = KNOWLEDGE_KEY_FIELDS.map((field) => key[field]);
  if (key.promptHash !== undefined) parts.push(key.promptHash);
  const bad = KNOWLEDGE_KEY_FIELDS.find((field) => typeof key[field] !== 'string' || key[field] === '');
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(String(part)), 0);
  if (bad !== undefined || length > LONGEST_KEY)
    throw new InvalidInputError({
      expected: `a knowledge key of texts, of at most ${LONGEST_KEY} bytes together`,
      received: bad === undefined ? `${length} bytes` : `${JSON.stringify(key[bad])} as its ${bad}`,
      hint: 'Name the entity, the kind of knowledge, the version of its prompt and the model, shortly.',
    });
  return parts;
}

/**
 * Writes a piece of knowledge as JSON, which has to hold all of it.
 *
 * @throws InvalidInputError if the text or its time is missing, or a field holds what JSON cannot say
 */
export function knowledgeJson(entry: KnowledgeEntry): string {
  const { text, createdAt } = entry;
  if (typeof text !== 'string' || !Number.isFinite(createdAt))
    throw new InvalidInputError({
      expected: 'entries with a text and the time at which it was written',
      received: JSON.stringify({ text, createdAt }),
      hint: 'Give text, and createdAt in seconds since 1970.',
    });
  return JSON.stringify(entry, (name, value: unknown) => {
    if (
      typeof value === 'bigint' ||
      typeof value === 'function' ||
      (typeof value === 'number' && !Number.isFinite(value))
    )
      throw new InvalidInputError({
        expected: 'entries that JSON can hold',
        received: `${String(value).slice(0, 80)} as ${JSON.stringify(name)} of ${JSON.stringify(entry.entity)}`,
        hint: 'Leave the field out, or write it as a text.',
      });
    return value;
  });
}
