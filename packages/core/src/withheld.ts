import type { InteractionLog } from './interaction-log.js';

const WITHHELD = new WeakMap<InteractionLog, InteractionLog>();

/**
 * Notes that a log is a part of a larger one from which other interactions were held back, as training is without
 * validation. Splits note it, so that an evaluation can tell when a system is not told what would be known.
 *
 * @param log - the part
 * @param rest - what was held back beside the test; shares the log's id maps
 */
export function noteWithheld(log: InteractionLog, rest: InteractionLog): void {
  WITHHELD.set(log, rest);
}

/** The interactions that were held back from a log, as {@link noteWithheld} was told; nothing for other logs. */
export function withheldFrom(log: InteractionLog): InteractionLog | undefined {
  return WITHHELD.get(log);
}
