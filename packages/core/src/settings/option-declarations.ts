/**
 * Options declared once: from a declaration derive the type, the check, the defaults, the names, what is saved, the
 * identity of a checkpoint and the table of the documentation.
 *
 * Terms: a *declaration* describes one option; an *option set* is all of a function; *settings* are the options of a
 * call with their defaults filled in.
 */

import { ArtifactError, InvalidInputError } from '../basics/errors.js';
import { checkChoice, checkNumber, checkOptions, isObject, type NumberBounds } from '../basics/options.js';
import { LONG_CALL_OPTIONS, type LongCallOptions } from '../basics/progress.js';
import { contentHash } from './content-hash.js';

/** Settings as far as they are known: options declared earlier are there, later ones are not yet. */
export type EarlierSettings = Readonly<Record<string, unknown>>;

/** One option. Made by the functions of {@link option}. */
export interface OptionDeclaration<T, Presence extends 'required' | 'defaulted' | 'optional'> {
  readonly presence: Presence;
  /** Returns the value if it may be taken. Throws `InvalidInputError` otherwise. */
  readonly check: (name: string, value: unknown) => T;
  /** The default; a function reads the options that were declared before it. */
  readonly fallback: T | ((earlier: EarlierSettings) => T) | undefined;
  /** Possible values, for the documentation: `'a whole number from 1'`. */
  readonly values: string;
  /** The default in words, for the documentation. */
  readonly defaultText: string;
  /** One line on what it does. */
  readonly doc: string;
  /** Whether it can be written to a file as JSON; false for logs, models and functions. */
  readonly isPlain: boolean;
  /** Returns the part that decides the result: the value itself, something derived from it, or nothing. */
  identity(value: T): unknown;
}

type AnyDeclaration = OptionDeclaration<unknown, 'required' | 'defaulted' | 'optional'>;

type Declarations = Readonly<Record<string, AnyDeclaration>>;

type ValueOf<D> = D extends OptionDeclaration<infer T, 'required' | 'defaulted' | 'optional'> ? T : never;

type NamesWith<D extends Declarations, P> = {
  [K in keyof D]: D[K] extends OptionDeclaration<unknown, infer Q> ? (Q extends P ? K : never) : never;
}[keyof D];

/** The options that a caller may pass, as the declarations say, without those of long calls. */
export type OptionsOf<D extends Declarations> = {
  readonly [K in Exclude<keyof D, NamesWith<D, 'required'>>]?: ValueOf<D[K]> | undefined;
} & { readonly [K in NamesWith<D, 'required'>]: ValueOf<D[K]> };

/** Options with their defaults filled in. */
export type SettingsOf<D extends Declarations> = {
  readonly [K in Exclude<keyof D, NamesWith<D, 'optional'>>]: ValueOf<D[K]>;
} & { readonly [K in NamesWith<D, 'optional'>]: ValueOf<D[K]> | undefined };

interface Described<T> {
  /** One line on what it does. */
  readonly doc: string;
  /** Part that decides the result. The value itself if left out; `() => undefined` for what changes no number. */
  readonly identity?: ((value: T) => unknown) | undefined;
}

interface Defaulted<T> extends Described<T> {
  readonly default: T | ((earlier: EarlierSettings) => T);
  /** The default in words, where it is a function. */
  readonly defaultText?: string | undefined;
}

function declare<T>(
  about: Described<T> & Partial<Defaulted<T>>,
  presence: 'required' | 'defaulted' | 'optional',
  rest: {
    readonly check: (name: string, value: unknown) => T;
    readonly values: string;
    readonly isPlain: boolean;
  },
): OptionDeclaration<T, never> {
  const fallback = about.default;
  return {
    // The caller's type says which presence it is.
    presence: presence as never,
    fallback,
    doc: about.doc,
    identity: about.identity ?? ((value) => value),
    defaultText:
      about.defaultText ??
      (presence === 'required' ? 'required' : fallback === undefined ? 'none' : inWords(fallback)),
    ...rest,
  };
}

function inWords(value: unknown): string {
  return typeof value === 'function'
    ? 'depends on the options before it'
    : (JSON.stringify(value) ?? String(value));
}

/** A kind of value with its three presences: `.required(…)`, `.optional(…)`, or called with a default. */
export interface OptionKind<T> {
  (about: Defaulted<T>): OptionDeclaration<T, 'defaulted'>;
  required(about: Described<T>): OptionDeclaration<T, 'required'>;
  optional(about: Described<T>): OptionDeclaration<T, 'optional'>;
}

function kindOf<T>(rest: {
  readonly check: (name: string, value: unknown) => T;
  readonly values: string;
  readonly isPlain: boolean;
}): OptionKind<T> {
  return Object.assign((about: Defaulted<T>) => declare(about, 'defaulted', rest), {
    required: (about: Described<T>) => declare(about, 'required', rest),
    optional: (about: Described<T>) => declare(about, 'optional', rest),
  });
}

function boundsInWords({ min, max, integer }: NumberBounds): string {
  const noun = integer ? 'a whole number' : 'a number';
  if (min === undefined && max === undefined) return noun;
  if (max === undefined) return `${noun} of at least ${min}`;
  return min === undefined ? `${noun} of at most ${max}` : `${noun} from ${min} to ${max}`;
}

/** Kinds of options; each is called with a default and a line of text, or made `.required` or `.optional`. */
export const option = {
  /** A finite number within bounds. */
  number: (bounds: NumberBounds = {}): OptionKind<number> =>
    kindOf({
      check: (name, value) => checkNumber(name, value, bounds),
      values: boundsInWords(bounds),
      isPlain: true,
    }),
  /** A whole number within bounds. */
  integer: (bounds: Omit<NumberBounds, 'integer'> = {}): OptionKind<number> =>
    option.number({ ...bounds, integer: true }),
  /** One of some names. */
  choice: <const T extends string>(choices: readonly T[]): OptionKind<T> =>
    kindOf({
      check: (name, value) => checkChoice(name, value, choices),
      values: choices.map((choice) => `'${choice}'`).join(', '),
      isPlain: true,
    }),
  boolean: (): OptionKind<boolean> =>
    kindOf({
      check: (name, value) => {
        if (typeof value === 'boolean') return value;
        throw wrongType(name, 'true or false', value);
      },
      values: 'true or false',
      isPlain: true,
    }),
  /** A string of at least so many characters. */
  text: (least = 0): OptionKind<string> => {
    const values =
      least === 0 ? 'text' : least === 1 ? 'text, not empty' : `text of at least ${least} characters`;
    return kindOf({
      check: (name, value) => {
        if (typeof value === 'string' && value.length >= least) return value;
        throw wrongType(name, values, value);
      },
      values,
      isPlain: true,
    });
  },
  /** A function that is called with what its type says. It is not saved. */
  function: <F extends (...args: never[]) => unknown>(): OptionKind<F> =>
    option.value<F>('a function', (value) => typeof value === 'function'),
  /** A list, each entry checked by another kind. */
  list: <T>(of: OptionKind<T>, least = 0): OptionKind<readonly T[]> => {
    const entry = of.required({ doc: '' });
    return kindOf<readonly T[]>({
      check: (name, value) => {
        if (!Array.isArray(value) || value.length < least)
          throw wrongType(name, `a list${least > 0 ? ` of at least ${least}` : ''}`, value);
        return value.map((each, k) => entry.check(`${name}[${k}]`, each));
      },
      values: `a list of: ${entry.values}`,
      isPlain: true,
    });
  },
  /**
   * Anything that is not plain JSON: a log, a model, a function. It is not saved.
   *
   * @param values - what it has to be, in words
   * @param accepts - whether a value is one; everything if left out
   */
  value: <T>(values: string, accepts: (value: unknown) => boolean = () => true): OptionKind<T> =>
    kindOf({
      check: (name, value) => {
        if (accepts(value)) return value as T;
        throw wrongType(name, values, value);
      },
      values,
      isPlain: false,
    }),
} as const;

function wrongType(name: string, expected: string, value: unknown): InvalidInputError {
  return new InvalidInputError({
    expected: `${name} to be ${expected}`,
    received: value === null ? 'null' : Array.isArray(value) ? `a list of ${value.length}` : describe(value),
    hint: `Pass ${name} as ${expected}.`,
  });
}

function describe(value: unknown): string {
  if (typeof value === 'object') return 'an object';
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value);
}

/** All options of one function. */
export class OptionSet<D extends Declarations> {
  /** The function or class, for messages. */
  readonly where: string;
  readonly declarations: D;
  /** Every name that is read, those that are declared elsewhere included. */
  readonly names: readonly string[];

  constructor(where: string, declarations: D, others: readonly string[] = LONG_CALL_OPTIONS) {
    this.where = where;
    this.declarations = declarations;
    this.names = [...others, ...Object.keys(declarations)];
  }

  /**
   * Checks the options of a call and fills in defaults, in the order of declaration.
   *
   * @throws InvalidInputError for options that are unknown, missing or out of bounds
   */
  settings(options: (OptionsOf<D> & LongCallOptions) | undefined): SettingsOf<D> {
    checkOptions(this.where, options, this.names);
    return this.#fill((options ?? {}) as EarlierSettings);
  }

  #fill(given: EarlierSettings): SettingsOf<D> {
    const settings: Record<string, unknown> = {};
    for (const [name, declaration] of this.#entries()) {
      const { fallback, presence, check } = declaration;
      const value =
        given[name] ??
        (typeof fallback === 'function' && declaration.isPlain ? fallback(settings) : fallback);
      if (value === undefined && presence === 'required')
        throw new InvalidInputError({
          expected: `${name} in the options of ${this.where}: ${declaration.values}`,
          received: 'nothing',
          hint: `Pass ${name}.`,
        });
      settings[name] = value === undefined ? undefined : check(name, value);
    }
    return settings as SettingsOf<D>;
  }

  /** Settings as plain JSON for an artifact: logs, models and functions are left out. */
  saved(settings: SettingsOf<D>): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      this.#entries()
        .filter(([, { isPlain }]) => isPlain)
        .map(([name]) => [name, (settings as EarlierSettings)[name]])
        .filter(([, value]) => value !== undefined),
    );
  }

  /**
   * Settings as {@link saved} left them, checked like those of a call; options that are not plain are `undefined`.
   *
   * @param dir - the artifact, for the message
   * @throws ArtifactError if a setting is missing, unknown or out of bounds
   */
  restored(dir: string, config: unknown): SettingsOf<D> {
    const refuse = (received: string, cause?: unknown): ArtifactError =>
      new ArtifactError(dir, {
        expected: `settings of ${this.where} in the manifest`,
        received,
        hint: 'The artifact was changed or written by another version: restore it, or fit again.',
        cause,
      });
    if (!isObject(config)) throw refuse(inWords(config));
    const given: EarlierSettings = config;
    const plain = this.#entries().filter(([, { isPlain }]) => isPlain);
    for (const [name, { presence }] of plain)
      if (presence !== 'optional' && !Object.hasOwn(given, name)) throw refuse(`none for ${name}`);
    const unknown = Object.keys(given).find((name) => !plain.some(([known]) => known === name));
    if (unknown !== undefined) throw refuse(`the unknown ${JSON.stringify(unknown)}`);
    const settings: Record<string, unknown> = {};
    for (const [name, declaration] of this.#entries()) {
      const value = declaration.isPlain && Object.hasOwn(given, name) ? given[name] : undefined;
      try {
        settings[name] = value === undefined ? undefined : declaration.check(name, value);
      } catch (error) {
        throw refuse(error instanceof InvalidInputError ? error.received : String(error), error);
      }
    }
    return settings as SettingsOf<D>;
  }

  /**
   * A hash of all that decides the result of a call: every setting, the seed, and what else is given (data
   * fingerprints, the kind of model). Settings that decide nothing say so in their declaration.
   */
  identity(settings: SettingsOf<D>, ...rest: readonly unknown[]): string {
    return contentHash([
      this.where,
      this.#entries().map(([name, declaration]) => {
        const value = (settings as EarlierSettings)[name];
        return [name, value === undefined ? undefined : declaration.identity(value)];
      }),
      rest,
    ]);
  }

  /** The options as a Markdown table, for a README. */
  table(): string {
    const cell = (text: string): string => text.replaceAll('|', '\\|');
    return [
      '| option | values | default | what it does |',
      '|---|---|---|---|',
      ...this.#entries().map(
        ([name, { values, defaultText, doc }]) =>
          `| \`${name}\` | ${cell(values)} | ${cell(defaultText)} | ${cell(doc)} |`,
      ),
    ].join('\n');
  }

  #entries(): readonly [string, AnyDeclaration][] {
    return Object.entries(this.declarations) as [string, AnyDeclaration][];
  }
}

/**
 * Declares the options of a function, each once.
 *
 * @param others - names of options that it takes and reads by itself: those of long calls by default
 * @example
 * ```ts
 * const EASE = defineOptions('Ease.fit', {
 *   l2: option.number({ min: 0 })({ default: 500, doc: 'L2 regularisation' }),
 *   fold: option.choice(['user', 'item'])({ default: 'user', doc: 'which side is folded in' }),
 * });
 * type EaseOptions = OptionsOf<typeof EASE.declarations> & LongCallOptions;
 * const { l2 } = EASE.settings({ l2: 100 });
 * console.log(l2); // 100
 * ```
 */
export function defineOptions<const D extends Declarations>(
  where: string,
  declarations: D,
  others: readonly string[] = LONG_CALL_OPTIONS,
): OptionSet<D> {
  return new OptionSet(where, declarations, others);
}
