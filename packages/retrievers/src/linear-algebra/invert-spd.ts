import { InvalidInputError, type LongCallOptions, yieldToEventLoop } from '@palate/core';
import { defaultCompute } from '../compute/default-compute.js';
import type { MatrixCompute } from '../compute/matrix-compute.js';

/** Rows of a panel: the products of two panels are where the time goes. */
const PANEL = 256;

/**
 * A symmetric matrix of 64-bit floats kept as its lower triangle in panels of rows: panel `p` holds rows
 * `p * 256` on, with the columns up to its own last one, row-major. Half the memory of the full matrix.
 */
export class SymmetricPanels {
  readonly size: number;
  readonly panels: Float64Array[];

  constructor(size: number) {
    this.size = size;
    this.panels = Array.from(
      { length: Math.ceil(size / PANEL) },
      (_, p) => new Float64Array(this.rows(p) * this.width(p)),
    );
  }

  /** Rows of panel `p`. */
  rows(p: number): number {
    return Math.min(PANEL, this.size - p * PANEL);
  }

  /** Columns of panel `p`. */
  width(p: number): number {
    return Math.min(this.size, (p + 1) * PANEL);
  }

  /** The entry at any row and column. */
  at(row: number, column: number): number {
    const [r, c] = row >= column ? [row, column] : [column, row];
    const p = Math.floor(r / PANEL);
    return this.panels[p]![(r - p * PANEL) * this.width(p) + c]!;
  }

  /** Where a row's entries up to its diagonal lie: column `c` at `values[from + c]`. */
  row(row: number): { readonly values: Float64Array; readonly from: number } {
    const p = Math.floor(row / PANEL);
    return { values: this.panels[p]!, from: (row - p * PANEL) * this.width(p) };
  }

  /** Copies the lower triangle of each diagonal block to its upper one, after entries were written by `row`. */
  mirrorDiagonalBlocks(): void {
    for (const [p, panel] of this.panels.entries()) {
      const width = this.width(p);
      const start = p * PANEL;
      for (let r = 0; r < this.rows(p); r++)
        for (let c = 0; c < r; c++) panel[c * width + start + r] = panel[r * width + start + c]!;
    }
  }

  /** Adds to an entry of the lower triangle, within a diagonal block to both of its mirror entries. */
  add(row: number, column: number, value: number): void {
    const p = Math.floor(row / PANEL);
    const panel = this.panels[p]!;
    panel[(row - p * PANEL) * this.width(p) + column]! += value;
    if (column !== row && column >= p * PANEL) panel[(column - p * PANEL) * this.width(p) + row]! += value;
  }
}

/** Inverts a small symmetric positive definite block in place by Gauss-Jordan sweeps; `false` if it is not one. */
function invertBlock(block: Float64Array, size: number): boolean {
  for (let k = 0; k < size; k++) {
    const pivot = block[k * size + k]!;
    if (!(pivot > 0)) return false;
    const inverse = 1 / pivot;
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = block[i * size + k]! * inverse;
      if (factor !== 0) for (let j = 0; j < size; j++) block[i * size + j]! -= factor * block[k * size + j]!;
      block[i * size + k] = -factor;
    }
    for (let j = 0; j < size; j++) block[k * size + j]! *= inverse;
    block[k * size + k] = inverse;
  }
  return true;
}

/** Options of {@link invertSpd}. */
export interface InvertOptions extends LongCallOptions {
  /** Threads of native matrix products. Default: one a core. */
  readonly threads?: number | undefined;
  /** Engine that multiplies. Default: native where it is installed, otherwise TypeScript. */
  readonly compute?: MatrixCompute | undefined;
}

/**
 * Inverts a symmetric positive definite matrix in place, in double precision.
 *
 * Sweeps the matrix block by block (the sweep operator of Goodnight 1979, on blocks of 256): for each pivot block
 * `D`, the column block `C` becomes `C D^-1`, the rest loses `C D^-1 C^T`, the pivot becomes `-D^-1`. When every
 * block was the pivot the matrix is minus its inverse. Working on the lower triangle alone costs `size^3`
 * floating-point operations, half of what an unsymmetric inversion takes, nearly all of them in matrix products.
 *
 * @throws InvalidInputError if the matrix is not positive definite; its contents are lost then
 */
export async function invertSpd(matrix: SymmetricPanels, options: InvertOptions = {}): Promise<void> {
  const { size, panels } = matrix;
  const { compute = await defaultCompute() } = options;
  const products = compute.doubles(options.threads);
  try {
    const column = new Float64Array(size * PANEL);
    for (let k = 0; k < panels.length; k++) {
      const width = matrix.rows(k);
      const start = k * PANEL;
      const pivotPanel = panels[k]!;
      const pivotWidth = matrix.width(k);
      // The column block of the symmetric matrix, its pivot rows left at zero.
      const c = column.subarray(0, size * width);
      for (let row = 0; row < start; row++)
        for (let j = 0; j < width; j++) c[row * width + j] = pivotPanel[j * pivotWidth + row]!;
      c.fill(0, start * width, (start + width) * width);
      for (let p = k + 1; p < panels.length; p++) {
        const panel = panels[p]!;
        const panelWidth = matrix.width(p);
        for (let r = 0; r < matrix.rows(p); r++)
          c.set(
            panel.subarray(r * panelWidth + start, r * panelWidth + start + width),
            (p * PANEL + r) * width,
          );
      }
      const pivot = new Float64Array(width * width);
      for (let r = 0; r < width; r++)
        pivot.set(pivotPanel.subarray(r * pivotWidth + start, r * pivotWidth + start + width), r * width);
      if (!invertBlock(pivot, width))
        throw new InvalidInputError({
          expected: 'a positive definite matrix',
          received: `one that is not, near row ${start}`,
          hint: 'Use a larger regularisation.',
        });
      const w = products.multiply(c, pivot, size, width, width);
      for (let p = 0; p < panels.length; p++) {
        if (p === k) continue;
        const rows = matrix.rows(p);
        const panelWidth = matrix.width(p);
        const own = w.subarray(p * PANEL * width, (p * PANEL + rows) * width);
        const next = products.subtract(
          panels[p]!,
          own,
          c.subarray(0, panelWidth * width),
          rows,
          panelWidth,
          width,
        );
        if (p > k)
          for (let r = 0; r < rows; r++)
            next.set(own.subarray(r * width, (r + 1) * width), r * panelWidth + start);
        panels[p] = next;
      }
      for (let r = 0; r < width; r++) {
        for (let below = 0; below < start; below++)
          pivotPanel[r * pivotWidth + below] = w[below * width + r]!;
        for (let j = 0; j < width; j++) pivotPanel[r * pivotWidth + start + j] = -pivot[r * width + j]!;
      }
      options.onProgress?.({ phase: 'invert the Gram matrix', done: k + 1, total: panels.length });
      await yieldToEventLoop(options.signal, 'inverting the Gram matrix');
    }
    for (const panel of panels) for (let i = 0; i < panel.length; i++) panel[i] = -panel[i]!;
  } finally {
    products.dispose();
  }
}
