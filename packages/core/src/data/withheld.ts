/** Logs by the logs that they are parts of or made from; which class they are does not matter here. */
const WITHHELD = new WeakMap<object, object>();
/** Logs that were held back from a training part: what systems are stopped and chosen by. */
const CHOSEN_BY = new WeakSet<object>();

/**
 * Notes that a log is a part of a larger one from which other interactions were held back, as training is without
 * validation. Splits note it, so that an evaluation can detect that a system does not get everything known.
 *
 * @param log - the part
 * @param rest - what was held back beside the test; shares the log's id maps
 */
export function noteWithheld<L extends object>(log: L, rest: L): void {
  WITHHELD.set(log, rest);
  CHOSEN_BY.add(rest);
}

/** True for a log that was held back from a training part, as validation is: systems may be stopped or chosen by it. */
export function isWithheld(log: object): boolean {
  return CHOSEN_BY.has(log);
}

/** The interactions that were held back from a log, as recorded by {@link noteWithheld}; nothing for other logs. */
export function withheldFrom<L extends object>(log: L): L | undefined {
  return WITHHELD.get(log) as L | undefined;
}

const PARTS = new WeakMap<object, readonly object[]>();
const JOINED = new WeakMap<object, readonly object[]>();

/**
 * Notes that a log was put together from others, as what is known at a test is from training and validation: what was
 * made from a part knows nothing beyond the whole.
 */
export function noteParts<L extends object>(log: L, parts: readonly L[]): void {
  PARTS.set(log, parts);
  for (const part of parts) JOINED.set(part, [...new Set([...(JOINED.get(part) ?? []), log])]);
}

/** The logs that a log was put together from, as recorded by {@link noteParts}; none for other logs. */
export function partsOf<L extends object>(log: L): readonly L[] {
  return (PARTS.get(log) ?? []) as readonly L[];
}

const WHOLE = new WeakMap<object, object>();

/**
 * Notes that a log was held out of a larger one for testing, or for choosing. Splits note it, so that an evaluation can
 * tell when a system was fitted on everything, or chosen by the test.
 *
 * @param held - the part to test or choose by
 * @param whole - the log that was split
 */
export function noteHeldOut<L extends object>(held: L, whole: L): void {
  WHOLE.set(held, whole);
}

/** The log that a part was held out of, as recorded by {@link noteHeldOut}; nothing for other logs. */
export function heldOutOf<L extends object>(held: L): L | undefined {
  return WHOLE.get(held) as L | undefined;
}

/**
 * The logs that hold a part that was held out: the one that it was held out of ({@link noteHeldOut}), and those that it
 * was put back into ({@link noteParts}), as validation is into what is known at the test. None for other logs.
 */
export function logsAround<L extends object>(held: L): readonly L[] {
  const whole = heldOutOf(held);
  return whole ? [whole, ...((JOINED.get(held) ?? []) as readonly L[])] : [];
}
