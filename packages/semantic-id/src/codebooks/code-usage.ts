import { PalateError } from '@palate/core';

/** How the codes of one level are used. */
export interface LevelUsage {
  /** Share of the codes that some item has. */
  readonly usage: number;
  /** Entropy of the code of an item drawn at random, in nats. */
  readonly entropy: number;
  /** `exp(entropy)`: how many codes used alike would have this entropy. */
  readonly perplexity: number;
}

/**
 * Usage, entropy and perplexity of each level.
 *
 * @param codes - row-major, `levels` a row
 */
export function codeUsage(codes: Int32Array, levels: number, size: number): LevelUsage[] {
  const rows = codes.length / levels;
  return Array.from({ length: levels }, (_, level) => {
    const counts = new Int32Array(size);
    for (let row = 0; row < rows; row++) counts[codes[row * levels + level]!]!++;
    let entropy = 0;
    let used = 0;
    for (const count of counts) {
      if (count === 0) continue;
      used++;
      entropy -= (count / rows) * Math.log(count / rows);
    }
    return { usage: used / size, entropy, perplexity: Math.exp(entropy) };
  });
}

/** A codebook of which too few codes are used (`code: 'codebook-collapse'`). */
export class CodebookCollapseError extends PalateError {
  readonly levels: readonly LevelUsage[];
  constructor(levels: readonly LevelUsage[], minimum: number) {
    super('codebook-collapse', {
      expected: `at least ${(minimum * 100).toFixed(0)} % of the codes of every level in use`,
      received: levels.map(({ usage }) => `${(usage * 100).toFixed(1)} %`).join(', '),
      hint: 'Train longer, use fewer codes for a small catalogue, or lower minimumUsage if that is intended.',
    });
    this.name = 'CodebookCollapseError';
    this.levels = levels;
  }
}

/**
 * Refuses a collapsed codebook.
 *
 * A catalogue smaller than a level cannot use all of its codes: the share is taken of those that it could use.
 *
 * @throws CodebookCollapseError if a level is used less than `minimum`
 */
export function checkUsage(codes: Int32Array, levels: number, size: number, minimum: number): LevelUsage[] {
  const usage = codeUsage(codes, levels, size);
  const possible = Math.min(1, codes.length / levels / size);
  if (usage.some((level) => level.usage < minimum * possible))
    throw new CodebookCollapseError(usage, minimum);
  return usage;
}
