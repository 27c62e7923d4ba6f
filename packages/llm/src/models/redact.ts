/** Takes secrets out of a text. */
export interface Redact {
  (text: string): string;
  /** The secrets in every form that is looked for, the longest first. */
  readonly forms: readonly string[];
}

/** Length below which a secret is a placeholder such as `none`; taking it out would only garble messages. */
const SHORTEST_SECRET = 8;

/**
 * Makes a function that replaces each of `secrets`, plain or URL-encoded, by `[redacted]`.
 *
 * @param secrets - of texts with blanks (`Bearer …`) every part counts by itself
 */
export function redactor(secrets: readonly (string | undefined)[]): Redact {
  const forms = new Set<string>();
  for (const secret of secrets.flatMap((one) => (one ? [one, ...one.split(/\s+/)] : [])))
    if (secret.length >= SHORTEST_SECRET)
      for (const form of [secret, encodeURIComponent(secret)]) forms.add(form);
  // The longest first, lest a secret that is part of another leave its rest behind.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return Object.assign(
    (text: string): string => ordered.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text),
    { forms: ordered },
  );
}

/** Takes secrets out of a text that comes piece by piece, wherever the borders of its pieces are. */
export class PieceRedactor {
  readonly #redact: Redact;
  #held = '';

  constructor(redact: Redact) {
    this.#redact = redact;
  }

  /** Takes a piece in and gives what is sure to hold no secret; the beginning of one is held back. */
  push(piece: string): string {
    const text = this.#redact(this.#held + piece);
    const held = Math.max(0, ...this.#redact.forms.map((form) => overlap(text, form)));
    this.#held = text.slice(text.length - held);
    return text.slice(0, text.length - held);
  }

  /** Gives what was held back to the end. */
  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Length of the longest end of `text` with which `secret` begins, all of `secret` excepted. */
function overlap(text: string, secret: string): number {
  for (let length = Math.min(text.length, secret.length - 1); length > 0; length--)
    if (text.endsWith(secret.slice(0, length))) return length;
  return 0;
}

/**
 * A copy of an error that keeps name, message, stack and causes but none of its other properties: SDK errors
 * carry headers and bodies, where a key may be.
 */
export function cleanError(error: unknown, redact: Redact, depth = 4): unknown {
  if (!(error instanceof Error)) return redact(String(error));
  const cause =
    error.cause === undefined || depth === 0 ? undefined : cleanError(error.cause, redact, depth - 1);
  const clean = new Error(redact(error.message), cause === undefined ? undefined : { cause });
  clean.name = error.name;
  clean.stack = redact(error.stack ?? '');
  return clean;
}
