/** Marks every Palate error, so that two copies of this package in one process still recognise each other's. */
const PALATE_ERROR = Symbol.for('palate.error');

/** Longest piece of an error's message, in UTF-16 units: values that came from outside are cut to it. */
const LONGEST_PIECE = 600;

/**
 * Cuts a text of any length for a message, and says how long it was.
 *
 * @param most - UTF-16 units that are kept; a pair of surrogates is never torn apart
 */
export function clip(text: string, most = LONGEST_PIECE): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  const kept = text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
  return `${kept}… (${text.length.toLocaleString('en-US')} characters)`;
}

/** Parts of a {@link PalateError}. */
export interface PalateErrorDetails {
  /** Expectation, in words. */
  readonly expected: string;
  /** Value or state that came instead. */
  readonly received: string;
  /** Advice to the reader on what to do about it. */
  readonly hint: string;
  /** The error underneath, if there is one. */
  readonly cause?: unknown;
  /** True when the same call may succeed later (a busy server, a dropped connection). Default false. */
  readonly isRetryable?: boolean | undefined;
}

/**
 * The root of all errors that Palate throws on purpose.
 *
 * `code` is stable across versions; the message says what was expected, what came and what to do. Each of the three is
 * cut to 600 characters ({@link clip}), so that no input makes a message of megabytes.
 *
 * @example
 * ```ts
 * try {
 *   new IdMap(['a', 'a']);
 * } catch (error) {
 *   if (PalateError.is(error)) console.log(error.code); // 'invalid-input'
 * }
 * ```
 */
export class PalateError extends Error {
  readonly code: string;
  readonly expected: string;
  readonly received: string;
  readonly hint: string;
  readonly isRetryable: boolean;

  constructor(code: string, details: PalateErrorDetails) {
    // Of what is no text, as `JSON.stringify(undefined)` is, an error must still be made.
    const [expected, received, hint] = [details.expected, details.received, details.hint].map((part) =>
      clip(String(part)),
    ) as [string, string, string];
    super(
      `Expected ${expected}, but received ${received}. ${hint}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = 'PalateError';
    this.code = code;
    this.expected = expected;
    this.received = received;
    this.hint = hint;
    this.isRetryable = details.isRetryable ?? false;
    Object.defineProperty(this, PALATE_ERROR, { value: true });
  }

  /** Tells whether a value is a Palate error, from this or another copy of the package. */
  static is(value: unknown): value is PalateError {
    return value instanceof Error && Reflect.get(value, PALATE_ERROR) === true;
  }
}

/** An argument, option or data structure that cannot be used (`code: 'invalid-input'`). */
export class InvalidInputError extends PalateError {
  constructor(details: PalateErrorDetails) {
    super('invalid-input', details);
    this.name = 'InvalidInputError';
  }
}

/** An external id that is not in the map (`code: 'unknown-id'`). */
export class UnknownIdError extends PalateError {
  readonly id: string;
  constructor(id: string, what: string) {
    super('unknown-id', {
      expected: `a known ${what} id`,
      received: JSON.stringify(id),
      hint: `Check the spelling, or fit on data that contains this ${what}.`,
    });
    this.name = 'UnknownIdError';
    this.id = id;
  }
}

/** A position in a text file: line and column count from 1. */
export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A malformed piece of a data file, with its position (`code: 'parse-error'`). */
export class ParseError extends PalateError {
  readonly position: SourcePosition;
  constructor(position: SourcePosition, details: PalateErrorDetails) {
    super('parse-error', details);
    this.name = 'ParseError';
    this.position = position;
    this.message = `${position.file}:${position.line}:${position.column}: ${this.message}`;
  }
}

/** Training data that would see the future or the test set (`code: 'leak'`). */
export class LeakError extends PalateError {
  constructor(details: PalateErrorDetails) {
    super('leak', details);
    this.name = 'LeakError';
  }
}

/** A measurement whose numbers are not those of the system that it names (`code: 'untrustworthy-result'`). */
export class UntrustworthyResultError extends PalateError {
  constructor(details: PalateErrorDetails) {
    super('untrustworthy-result', details);
    this.name = 'UntrustworthyResultError';
  }
}

/** An artifact folder that is missing, damaged, foreign or of another version (`code: 'artifact'`). */
export class ArtifactError extends PalateError {
  readonly path: string;
  constructor(path: string, details: PalateErrorDetails) {
    super('artifact', details);
    this.name = 'ArtifactError';
    this.path = path;
    this.message = `${path}: ${this.message}`;
  }
}

/** An optional dependency that is not installed or does not load here (`code: 'missing-dependency'`). */
export class MissingDependencyError extends PalateError {
  readonly dependency: string;
  constructor(dependency: string, neededFor: string, cause?: unknown) {
    super('missing-dependency', {
      expected: `the optional package ${dependency}, which ${neededFor} needs`,
      received: cause instanceof Error ? (cause.message.split('\n')[0] ?? 'nothing') : 'nothing',
      hint: `Install it: npm install ${dependency}`,
      cause,
    });
    this.name = 'MissingDependencyError';
    this.dependency = dependency;
  }
}

/** A request that this implementation cannot serve (`code: 'unsupported'`). */
export class UnsupportedError extends PalateError {
  constructor(details: PalateErrorDetails) {
    super('unsupported', details);
    this.name = 'UnsupportedError';
  }
}

/** A call that its `AbortSignal` stopped (`code: 'cancelled'`). Nothing half done is left behind. */
export class CancelledError extends PalateError {
  constructor(what: string, cause?: unknown) {
    super('cancelled', {
      expected: `${what} to finish`,
      received: 'a cancellation',
      hint: 'Call again to start over, or to resume where the method resumes.',
      cause,
    });
    this.name = 'CancelledError';
  }
}
