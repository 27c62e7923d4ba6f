/** One cell of a committed table: its text, and the numbers in it where it is a measured value. */
export interface TableValue {
  readonly text: string;
  /** The value; absent where the cell is words or empty. */
  readonly mean?: number;
  /** Ends of the interval, where the cell has one. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Standard deviation over seeds, where the cell has one. */
  readonly deviation?: number | undefined;
  /** Unit behind the number: '%' or nothing. */
  readonly unit?: '%' | undefined;
  /** True where the table sets the value in bold: the best measured one of its column. */
  readonly isBest?: boolean | undefined;
}

const NUMBER = String.raw`[−-]?\d*\.?\d+(?:e[+-]?\d+)?`;
const VALUE = new RegExp(
  `^(${NUMBER})(?: ± (${NUMBER}))?(?: \\[(${NUMBER}), (${NUMBER})\\])?( %)?(?: \\(up to ${NUMBER} by ties\\))?$`,
  'i',
);

const numberOf = (text: string): number => Number(text.replace('−', '-'));

/**
 * Reads a cell as the report of `@palate/eval` and the studies write it: `0.0543 [0.0498, 0.0587]`, `0.0448 ± 0.0005`,
 * `-0.03 ± 0.31 %`, a bare number, or words, which stay words.
 */
export function readValue(markdown: string): TableValue {
  const bold = /^\*\*(.*)\*\*$/.exec(markdown);
  const text = plainText(bold?.[1] ?? markdown);
  const found = VALUE.exec(text);
  if (!found) return { text };
  const [, mean = '', deviation, low, high, unit] = found;
  return {
    text,
    mean: numberOf(mean),
    deviation: deviation === undefined ? undefined : numberOf(deviation),
    low: low === undefined ? undefined : numberOf(low),
    high: high === undefined ? undefined : numberOf(high),
    unit: unit === undefined ? undefined : ('%' as const),
    isBest: bold ? true : undefined,
  };
}

/** Markdown without its escapes and entities: the text that a reader sees. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/\\([\\`*_[\]|~$<>])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
