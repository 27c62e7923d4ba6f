import { fromStoredText, toStoredText } from './stored-text.js';

/** A value as `jsonb` keeps it: its texts, names included, as {@link toStoredText} writes them. */
export const toStoredJson = (value: unknown): string => JSON.stringify(mapTexts(value, toStoredText));

/** The value that {@link toStoredJson} wrote, from what a driver read. */
export const fromStoredJson = (stored: unknown): unknown =>
  mapTexts(typeof stored === 'string' ? (JSON.parse(stored) as unknown) : stored, fromStoredText);

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [map(name), mapTexts(each, map)]));
}
