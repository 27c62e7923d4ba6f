import type { LongCallOptions } from '@palate/core';

/** Options of reading a Parquet file. */
export interface ParquetOptions extends LongCallOptions {
  /** How binary columns without a type are read: text that has to be UTF-8, or hexadecimal digits. Default `'utf-8'`. */
  readonly binaryIds?: 'utf-8' | 'hex' | undefined;
  /** Seconds that one row group may take. Default 20 and one more for each megabyte of the file. */
  readonly maxSeconds?: number | undefined;
  /** Memory that reading may take in megabytes. Default 512 and 32 more for each megabyte of the file. */
  readonly maxMegabytes?: number | undefined;
}
