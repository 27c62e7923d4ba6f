import { option } from '@palate/core';
import { TIMESTAMP_UNITS } from './times.js';

/** Kinds of the options that say how a table is written, each with words of its reader's own. */
export const TABLE_FORMAT = {
  format: option.choice(['csv', 'tsv', 'jsonl', 'parquet']),
  delimiter: option.text(),
  timestampUnit: option.choice(TIMESTAMP_UNITS),
} as const;

/** Options of quotes and the header, which every reader takes alike. */
export const TABLE_QUOTING = {
  quote: option
    .value<string | false>('one character or false', (value) => value === false || typeof value === 'string')
    .optional({ doc: 'around fields that hold delimiters; `"` for CSV, `false` (none) for TSV' }),
  header: option.boolean().optional({
    doc: 'whether the first line names the columns; left out: yes, unless all columns are positions',
  }),
} as const;
