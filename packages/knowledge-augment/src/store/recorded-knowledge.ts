import { type InteractionLog, InvalidInputError, type KnowledgeEntry, type Provenance } from '@palate/core';

/** Where recorded texts come from. */
export interface RecordedKnowledgeOptions {
  readonly entityType: 'item' | 'user';
  readonly kind: string;
  readonly promptVersion: string;
  /** Who wrote them. */
  readonly model: string;
  /** When, in seconds since 1970. */
  readonly createdAt: number;
  /**
   * For users whose records say by `n` how many interactions the writer saw: the log in which they are counted, to
   * tell up to which time the writer knows.
   */
  readonly log?: InteractionLog | undefined;
  /** Interactions that their writer was shown: `WORLD` for texts about items that come from none. */
  readonly provenance?: Provenance | undefined;
}

/**
 * Turns records such as the bundled ones (`{item, text, …}`, `{item, tags}`, `{user, n, keywords, text}`) into
 * entries: the text is `text`, or the tags joined; what else a record holds becomes its facts.
 *
 * @throws InvalidInputError naming the first record without an entity or a text
 */
export function recordedKnowledge(
  records: readonly object[],
  options: RecordedKnowledgeOptions,
): KnowledgeEntry[] {
  const { log, ...shared } = options;
  return records.map((record, at) => {
    const { text, ...fields } = record as Readonly<Record<string, unknown>>;
    const { [options.entityType]: entity, ...facts } = fields;
    const words = text ?? (Array.isArray(facts.tags) ? facts.tags.join(', ') : undefined);
    if (typeof entity !== 'string' || typeof words !== 'string')
      throw new InvalidInputError({
        expected: `records with the id of the ${options.entityType} and a text or tags`,
        received: `${JSON.stringify(record).slice(0, 120)} at position ${at}`,
        hint: 'Correct the record, or the entity type.',
      });
    return {
      ...shared,
      entity,
      text: words,
      facts,
      ...(log?.timeUnit === 'seconds' && typeof facts.n === 'number'
        ? { knowsUntil: timeOfLast(log, entity, facts.n) }
        : {}),
    };
  });
}

/** Time of a user's `n`-th interaction. */
function timeOfLast(log: InteractionLog, user: string, n: number): number {
  const index = log.users.indexOf(user);
  const { offsets, row } = log.byUser();
  const from = offsets[index] as number;
  const last = row[from + n - 1];
  if (!log.timestamp || last === undefined || from + n > (offsets[index + 1] as number))
    throw new InvalidInputError({
      expected: `${n} timed interactions of user ${JSON.stringify(user)}`,
      received: String((offsets[index + 1] as number) - from),
      hint: 'Give the log that the texts were written from.',
    });
  return log.timestamp[last] as number;
}
