/** Positions of the values in a delimited record, counted from 0. */
export interface FieldColumns {
  readonly user: number;
  readonly item: number;
  readonly rating?: number | undefined;
  readonly timestamp?: number | undefined;
  readonly request?: number | undefined;
}

/** One interaction as values of JSON, Parquet or Python; what a column map does not name is `undefined`. */
export interface InteractionValues {
  readonly user: unknown;
  readonly item: unknown;
  readonly rating?: unknown;
  readonly timestamp?: unknown;
  readonly request?: unknown;
}

/** A time that is known in seconds since 1970, from a typed column. */
export class TypedTime {
  readonly seconds: number;
  constructor(seconds: number) {
    this.seconds = seconds;
  }
}
