/** Spellings of "no value" where a number or time is wanted, as pandas, R, SQL and Spark write it. */
const MISSING = /^(?:|nan|null|none|n\/?a|\\n|nat|undefined)$/i;

/** Whether a text says that there is no value. */
export function saysMissing(text: string): boolean {
  return text.length <= 9 && MISSING.test(text);
}

/** A decimal number in words: `4`, `-3.25`, `.5`, `1e3`; NaN for anything else. */
export function parseDecimal(text: string): number {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN;
}

/** 1 or 0 for `true` or `false` in any case; undefined for anything else. */
export function parseBoolean(text: string): number | undefined {
  if (text.length !== 4 && text.length !== 5) return undefined;
  const lower = text.toLowerCase();
  return lower === 'true' ? 1 : lower === 'false' ? 0 : undefined;
}

/** A decimal number from ASCII bytes; NaN if it is none. Plain digits and one point take no string. */
export function parseDecimalBytes(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let sign = 1;
  if (bytes[at] === 45) {
    sign = -1;
    at++;
  }
  if (at >= end) return Number.NaN;
  if (end - at > 15) return parseDecimal(bytes.toString('latin1', start, end));
  let value = 0;
  let scale = 0;
  let digits = 0;
  for (; at < end; at++) {
    const code = bytes[at]!;
    if (code === 46 && scale === 0) {
      scale = 1;
      continue;
    }
    const digit = code - 48;
    if (digit < 0 || digit > 9) return parseDecimal(bytes.toString('latin1', start, end));
    value = value * 10 + digit;
    digits++;
    if (scale > 0) scale *= 10;
  }
  return digits === 0 ? Number.NaN : (sign * value) / (scale || 1);
}
