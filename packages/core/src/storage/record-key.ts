/** A key: a text, or texts that are compared one after the other, by code points. */
export type RecordKey = string | readonly string[];

/** The text of a key that its record carries. */
export const nameOf = (key: RecordKey): string => JSON.stringify(key);
