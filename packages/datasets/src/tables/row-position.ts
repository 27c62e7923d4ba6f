import type { SourcePosition } from '@palate/core';

/** Position of a value: a line of text or a row of a table, from 1. */
export interface RowPosition {
  readonly file: string;
  readonly line: number;
  /** The position with its column; column 1 where there is no such method. */
  position?(): SourcePosition;
}

/** The position of a row for an error. */
export const positionOf = (at: RowPosition): SourcePosition =>
  at.position?.() ?? { file: at.file, line: at.line, column: 1 };
