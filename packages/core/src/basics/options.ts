import { InvalidInputError } from './errors.js';
import { nearestName } from './nearest-name.js';

/**
 * Refuses options that nobody reads, so that a misspelt setting is an error and never silently ignored.
 *
 * @param where - the function or class, for the message
 * @param options - the object as the caller gave it; `undefined` passes
 * @param known - every option name that `where` reads
 * @throws InvalidInputError naming the first unknown option and the known ones
 */
export function checkOptions(where: string, options: object | undefined, known: readonly string[]): void {
  if (options === undefined) return;
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const meant = nearestName(name, known);
    throw new InvalidInputError({
      expected: `options of ${where} among ${known.join(', ') || '(none)'}`,
      received: JSON.stringify(name),
      hint:
        meant === undefined
          ? 'Remove the option or correct its spelling.'
          : `Did you mean ${meant}? Correct the spelling, or remove the option.`,
    });
  }
}

/** Tells whether a value is an object of fields: no list, and not null. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with every value there: like `Required`, also for properties that may be `undefined`. */
export type Filled<T> = { readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Bounds of a numeric option; both ends are included. */
export interface NumberBounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** True when only whole numbers are allowed. Default false. */
  readonly integer?: boolean | undefined;
}

/**
 * Returns `value` if it is a finite number within `bounds`.
 *
 * @param name - how the message calls it, for example `"k"`
 * @throws InvalidInputError otherwise
 */
export function checkNumber(name: string, value: unknown, bounds: NumberBounds = {}): number {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, integer = false } = bounds;
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= min &&
    value <= max &&
    (!integer || Number.isInteger(value))
  )
    return value;
  const kind = integer ? 'a whole number' : 'a finite number';
  const range =
    min === Number.NEGATIVE_INFINITY && max === Number.POSITIVE_INFINITY
      ? ''
      : max === Number.POSITIVE_INFINITY
        ? ` of at least ${min}`
        : min === Number.NEGATIVE_INFINITY
          ? ` of at most ${max}`
          : ` from ${min} to ${max}`;
  throw new InvalidInputError({
    expected: `${name} to be ${kind}${range}`,
    received: typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value)),
    hint: `Pass ${name} as ${kind}${range}.`,
  });
}

/**
 * Returns `value` if it is one of `choices`.
 *
 * @param name - how the message calls it, for example `"mode"`
 * @throws InvalidInputError otherwise
 */
export function checkChoice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const quoted = choices.map((choice) => `'${choice}'`);
  const meant = nearestName(value, choices);
  throw new InvalidInputError({
    expected: `${name} to be ${[quoted.slice(0, -1).join(', '), ...quoted.slice(-1)].filter(Boolean).join(' or ')}`,
    received: JSON.stringify(value) ?? String(value),
    hint: meant === undefined ? `Pass for example ${name}: ${quoted[0] ?? ''}.` : `Did you mean '${meant}'?`,
  });
}
