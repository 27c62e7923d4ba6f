/**
 * Texts as PostgreSQL keeps them. Its `text` holds neither the character of code 0 nor half a pair of surrogates, while an
 * external id may be any string: both are written as escapes, and backslashes doubled.
 */

const HALF = '[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]';
const UNSTORABLE = new RegExp(`\\\\|\\0|${HALF}`, 'g');

/** The text to be stored for a string. */
export function toStoredText(text: string): string {
  return text.replace(UNSTORABLE, (found) =>
    found === '\\' ? '\\\\' : `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The string that was stored as a text. */
export function fromStoredText(stored: string): string {
  return stored.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, code: string | undefined) =>
    code === undefined ? '\\' : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
