import type { SourcePosition } from '@palate/core';

/** Where a value stands: a line of text or a row of a table, from 1. */
export interface RowPlace {
  readonly file: string;
  readonly line: number;
  /** The place with its column; column 1 where there is no such method. */
  position?(): SourcePosition;
}

/** The place of a row for an error. */
export const positionOf = (at: RowPlace): SourcePosition =>
  at.position?.() ?? { file: at.file, line: at.line, column: 1 };
