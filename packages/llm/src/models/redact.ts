/** Takes secrets out of a text. */
export type Redact = (text: string) => string;

/** What is shorter is a placeholder such as `none`; taking it out would only garble messages. */
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
  return (text) => ordered.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text);
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
