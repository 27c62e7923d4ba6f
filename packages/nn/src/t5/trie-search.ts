/*
 * Terms: a *node* is a prefix of the allowed sequences in their tree; a *beam* is a node that the search follows for an
 * input, with the sum of the log-probabilities that led there; *open* sequences are those that may be found.
 */

import { InvalidInputError, type Progress, yieldToEventLoop } from '@palate/core';
import { BeamRows, type Beams } from './beam-rows.js';
import type { DecoderSteps } from './decoder-steps.js';
import { columnsOf, paddedTokens } from './decoding-sizes.js';
import type { TokenTrie } from './token-trie.js';

/** A sequence of a tree that was found for an input. */
export interface FoundSequence {
  /** Its number in the tree. */
  readonly sequence: number;
  /** Tokens with the end. */
  readonly tokens: readonly number[];
  /** Sum of the tokens' log-probabilities, divided by the length penalty. */
  readonly score: number;
}

/** Settings of {@link searchTrie}. */
export interface TrieSearchSettings {
  readonly beams: number;
  readonly sequences: number;
  readonly lengthPenalty: number;
  /** Set over which probabilities sum to 1: all tokens, or those that continue a sequence. */
  readonly normalise: 'vocabulary' | 'allowed';
  /** For each input the numbers of sequences that are not to be found. */
  readonly exclude?: readonly ArrayLike<number>[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

interface Beam {
  readonly node: number;
  readonly sum: number;
  /** Row of the input at the step before. */
  readonly parent: number;
  readonly tokens: readonly number[];
}

/**
 * Beam search down a tree of sequences: only what continues one is scored. Where one sequence alone is left and
 * probabilities are those among allowed tokens, it is certain, and the model is not asked.
 *
 * A sequence that may not be found keeps its share of the probability: others do not become likelier by its absence.
 */
export async function searchTrie(
  steps: DecoderSteps,
  inputs: number,
  start: number,
  trie: TokenTrie,
  settings: TrieSearchSettings,
): Promise<FoundSequence[][]> {
  const { beams, exclude, signal } = settings;
  if (exclude && exclude.length !== inputs)
    throw new InvalidInputError({
      expected: `${inputs} lists of excluded sequences, one for each input`,
      received: String(exclude.length),
      hint: 'Give an empty list where nothing is excluded.',
    });
  const searches = Array.from(
    { length: inputs },
    (_, input) => new TrieBeams(trie, settings, exclude?.[input]),
  );
  const beamRows = new BeamRows(steps, searches, beams, start);
  while (searches.some(({ isDone }) => !isDone)) {
    await yieldToEventLoop(signal, 'generating');
    const { held, rows, tokens, parents } = beamRows.next();
    const wanted = new Set<number>();
    for (const { running } of held)
      for (const { node } of running) for (const token of trie.following(node)) wanted.add(token);
    const union = paddedTokens(wanted);
    const columns = columnsOf(union);
    const scores = steps.nextAmong(tokens, parents, union, settings.normalise === 'vocabulary');
    for (const [at, each] of held.entries())
      if (!each.isDone)
        each.advance(
          scores.subarray(at * rows * union.length, (at + 1) * rows * union.length),
          union.length,
          columns,
        );
    const done = searches.reduce((count, { isDone }) => count + Number(isDone), 0);
    settings.onProgress?.({ phase: 'generate', done, total: inputs });
  }
  return searches.map((each) => each.best());
}

/** The beams of one input. */
class TrieBeams implements Beams {
  running: readonly Beam[] = [{ node: 0, sum: 0, parent: 0, tokens: [] }];
  isDone = false;
  readonly #trie: TokenTrie;
  readonly #settings: TrieSearchSettings;
  /** For nodes that excluded sequences go through, how many do. */
  readonly #gone: ReadonlyMap<number, number>;
  #found: FoundSequence[] = [];

  constructor(trie: TokenTrie, settings: TrieSearchSettings, exclude: ArrayLike<number> = []) {
    this.#trie = trie;
    this.#settings = settings;
    this.#gone = trie.countThrough(exclude);
    if (this.#openAt(0) === 0) this.#finish();
  }

  get live(): number {
    return this.running.length;
  }

  lastToken(beam: number, fallback: number): number {
    return this.running[beam]?.tokens.at(-1) ?? fallback;
  }

  parent(beam: number): number {
    return this.running[beam]?.parent ?? 0;
  }

  /** How many open sequences go through a node. */
  #openAt(node: number): number {
    return (this.#trie.count[node] as number) - (this.#gone.get(node) ?? 0);
  }

  /** Whether the sequence that is complete at a node may be found. */
  #isOpenEnd(node: number): boolean {
    const { childFrom, childCount, sequence } = this.#trie;
    if ((sequence[node] as number) < 0) return false;
    const gone = this.#gone.get(node);
    if (gone === undefined) return true;
    // If more is gone here than below, the sequence that ends here is gone.
    let below = 0;
    const from = childFrom[node] as number;
    for (let child = from; child < from + (childCount[node] as number); child++)
      below += this.#gone.get(child) ?? 0;
    return gone === below;
  }

  /**
   * Takes one step.
   *
   * @param scores - of the running beams, `columns` a row
   * @param columnOf - the column of a token
   */
  advance(scores: Float32Array, width: number, columnOf: Int32Array): void {
    const trie = this.#trie;
    const next = new BestBeams(this.#settings.beams);
    for (const [row, { node, sum, tokens }] of this.running.entries()) {
      const from = trie.childFrom[node] as number;
      const count = trie.childCount[node] as number;
      const scoreOf = (token: number): number => scores[row * width + (columnOf[token] as number)] as number;
      const isEnd = (trie.sequence[node] as number) >= 0;
      let total = 0;
      if (this.#settings.normalise === 'allowed') {
        let largest = isEnd ? scoreOf(trie.end) : Number.NEGATIVE_INFINITY;
        for (let child = from; child < from + count; child++)
          largest = Math.max(largest, scoreOf(trie.token[child] as number));
        let mass = isEnd ? Math.exp(scoreOf(trie.end) - largest) : 0;
        for (let child = from; child < from + count; child++)
          mass += Math.exp(scoreOf(trie.token[child] as number) - largest);
        total = largest + Math.log(mass);
      }
      if (isEnd && this.#isOpenEnd(node)) this.#keep(node, sum + scoreOf(trie.end) - total, tokens);
      for (let child = from; child < from + count; child++) {
        if (this.#openAt(child) === 0) continue;
        const token = trie.token[child] as number;
        next.offer(child, sum + scoreOf(token) - total, row);
      }
    }
    this.#goOn(next);
  }

  #goOn(next: BestBeams): void {
    const trie = this.#trie;
    const running: Beam[] = [];
    for (const { node, sum, parent } of next.kept) {
      const tokens = [...(this.running[parent] as Beam).tokens, trie.token[node] as number];
      if (this.#settings.normalise === 'allowed' && trie.count[node] === 1) this.#keepOnly(node, sum, tokens);
      else running.push({ node, sum, parent, tokens });
    }
    this.running = running;
    const worst = this.#found[this.#settings.beams - 1];
    const best = running[0];
    if (!best) this.#finish();
    else if (worst) {
      // A sum only falls on the way; by the length penalty the shortest or the longest way out may look best.
      const shortest = best.tokens.length + 1;
      const longest = shortest + (trie.height[0] as number) - best.tokens.length;
      if (worst.score >= Math.max(this.#score(best.sum, shortest), this.#score(best.sum, longest)))
        this.#finish();
    }
  }

  #finish(): void {
    this.running = [];
    this.isDone = true;
  }

  /** Keeps the one sequence that is left below a node. */
  #keepOnly(node: number, sum: number, tokens: readonly number[]): void {
    const { childFrom, childCount, token } = this.#trie;
    const all = [...tokens];
    let at = node;
    while ((childCount[at] as number) > 0) {
      at = childFrom[at] as number;
      all.push(token[at] as number);
    }
    this.#keep(at, sum, all);
  }

  #score(sum: number, length: number): number {
    return sum / length ** this.#settings.lengthPenalty;
  }

  #keep(node: number, sum: number, tokens: readonly number[]): void {
    const score = this.#score(sum, tokens.length + 1);
    const most = this.#settings.beams;
    let at = this.#found.length;
    while (at > 0 && score > (this.#found[at - 1] as FoundSequence).score) at--;
    if (at >= most) return;
    this.#found.splice(at, 0, {
      sequence: this.#trie.sequence[node] as number,
      tokens: [...tokens, this.#trie.end],
      score,
    });
    if (this.#found.length > most) this.#found.pop();
  }

  best(): FoundSequence[] {
    return this.#found.slice(0, this.#settings.sequences);
  }
}

/** The nodes with the largest sums, best first; of equal ones the first offered. */
class BestBeams {
  readonly #most: number;
  readonly kept: { readonly node: number; readonly sum: number; readonly parent: number }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  offer(node: number, sum: number, parent: number): void {
    const { kept } = this;
    let at = kept.length;
    while (at > 0 && sum > (kept[at - 1] as { sum: number }).sum) at--;
    if (at === this.#most) return;
    kept.splice(at, 0, { node, sum, parent });
    if (kept.length > this.#most) kept.pop();
  }
}
