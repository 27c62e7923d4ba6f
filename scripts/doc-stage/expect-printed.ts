import { inspect } from 'node:util';

/** Numbers and words of a printed value, without quotes, spaces and the lengths of arrays. */
const plain = (text: string): string => text.replace(/\(\d+\)/g, '').replace(/["'\s]/g, '');

/** Refuses an example that does not print what its comment says. */
export function expectPrinted(values: readonly unknown[], said: string): void {
  const printed = values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' ');
  if (plain(printed) !== plain(said)) throw new Error(`prints ${printed}, where its comment says ${said}`);
}
