import { createHash } from 'node:crypto';

/** The SHA-256 of a string of any characters, by which tables find it: PostgreSQL's indexes take no long texts. */
export const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'utf16le').digest();

/** The same in hexadecimal digits, as `decode(…, 'hex')` reads it. */
export const hexDigestOf = (text: string): string => digestOf(text).toString('hex');
