import type { Beams } from './beam-rows.js';
import type { GeneratedSequence } from './generated-sequence.js';

/** Tokens that may follow a sequence, with log-probabilities; of equal ones the first goes first. */
export interface Continuations {
  readonly tokens: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

interface Beam {
  readonly tokens: readonly number[];
  readonly sum: number;
  readonly parent: number;
}

/**
 * Beam search for one input, with the rules of HuggingFace: of the `2 x beams` best continuations, those that end are
 * kept as finished if they are among the best `beams`, the others go on; it is over when `beams` are finished and no
 * running one can become better than the worst of them.
 */
export class BeamSearch implements Beams {
  readonly #width: number;
  readonly #end: number;
  readonly #lengthPenalty: number;
  /** Fewer than the width only before the first step. */
  #running: readonly Beam[] = [{ tokens: [], sum: 0, parent: 0 }];
  #finished: GeneratedSequence[] = [];
  #done = false;

  constructor(width: number, end: number, lengthPenalty: number) {
    this.#width = width;
    this.#end = end;
    this.#lengthPenalty = lengthPenalty;
  }

  get isDone(): boolean {
    return this.#done;
  }

  /** How many sequences go on: one before the first step, at most the width later. */
  get live(): number {
    return this.#running.length;
  }

  prefix(beam: number): readonly number[] {
    return this.#running[beam]?.tokens ?? [];
  }

  lastToken(beam: number, fallback: number): number {
    return this.#running[beam]?.tokens.at(-1) ?? fallback;
  }

  parent(beam: number): number {
    return this.#running[beam]?.parent ?? 0;
  }

  #score(sum: number, length: number): number {
    return sum / length ** this.#lengthPenalty;
  }

  /**
   * Takes one step.
   *
   * @param rows - what may follow each sequence that goes on
   * @param isLast - true when no more tokens may follow
   */
  advance(rows: readonly Continuations[], isLast: boolean): void {
    const candidates = this.#bestContinuations(rows);
    const next: Beam[] = [];
    for (const [rank, candidate] of candidates.entries()) {
      if (candidate.tokens.at(-1) === this.#end) {
        if (rank < this.#width) this.#finish(candidate);
      } else if (next.length < this.#width) next.push(candidate);
    }
    this.#running = next;
    if (isLast || next.length === 0) {
      for (const beam of next) this.#finish(beam);
      this.#done = true;
      return;
    }
    const worst = this.#finished[this.#width - 1];
    const best = next[0] as Beam;
    if (worst && worst.score >= this.#score(best.sum, best.tokens.length)) this.#done = true;
  }

  #finish({ tokens, sum }: Beam): void {
    this.#finished.push({ tokens, score: this.#score(sum, tokens.length) });
    this.#finished.sort((a, b) => b.score - a.score);
    this.#finished = this.#finished.slice(0, this.#width);
  }

  /** The `2 x width` continuations with the largest sums; equal ones by beam, then token. */
  #bestContinuations(rows: readonly Continuations[]): Beam[] {
    const wanted = 2 * this.#width;
    const best: { sum: number; beam: number; token: number }[] = [];
    for (const [beam, { sum }] of this.#running.entries()) {
      const { tokens, scores } = rows[beam] as Continuations;
      for (let k = 0; k < tokens.length; k++) {
        // Sums in single precision, as the tensors of the reference have them.
        const total = Math.fround(sum + (scores[k] as number));
        if (!(total > Number.NEGATIVE_INFINITY)) continue;
        if (best.length === wanted && total <= (best[wanted - 1] as { sum: number }).sum) continue;
        let at = best.length;
        while (at > 0 && total > (best[at - 1] as { sum: number }).sum) at--;
        best.splice(at, 0, { sum: total, beam, token: tokens[k] as number });
        if (best.length > wanted) best.pop();
      }
    }
    return best.map(({ sum, beam, token }) => ({
      tokens: [...(this.#running[beam] as Beam).tokens, token],
      sum,
      parent: beam,
    }));
  }

  /** The best finished sequences. */
  best(count: number): GeneratedSequence[] {
    return this.#finished.slice(0, count);
  }
}
