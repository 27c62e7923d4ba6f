import type { DecoderSteps } from './decoder-steps.js';
import { OpenInputs, sizeFor } from './decoding-sizes.js';

/** The beams that a search follows for one input. */
export interface Beams {
  readonly isDone: boolean;
  /** How many sequences go on: one before the first step. */
  readonly live: number;
  /** The token that a sequence ends with; `fallback` before the first, and where there is no such sequence. */
  lastToken(beam: number, fallback: number): number;
  /** The beam of the step before that a sequence continues; 0 where there is no such sequence. */
  parent(beam: number): number;
}

/** Rows that the decoder is fed at a step: as many for every input, those of the first input first. */
export interface StepRows<B> {
  /** Numbers of the inputs. */
  readonly inputs: readonly number[];
  /** Their searches. */
  readonly held: readonly B[];
  /** Rows of an input. */
  readonly rows: number;
  readonly tokens: Int32Array;
  /** For each row the row of the step before that it continues; nothing at the first step. */
  readonly parents: Int32Array | undefined;
}

/** Lays the beams of all inputs out as rows of the decoder, step by step, without the inputs that are done. */
export class BeamRows<B extends Beams> {
  readonly #searches: readonly B[];
  readonly #open: OpenInputs;
  readonly #most: number;
  readonly #start: number;
  /** Rows that each input had at the step before. */
  #rowsBefore: number | undefined;

  /**
   * @param most - beams of an input at most
   * @param start - the token that decoding starts with
   */
  constructor(steps: DecoderSteps, searches: readonly B[], most: number, start: number) {
    this.#searches = searches;
    this.#open = new OpenInputs(steps, searches.length);
    this.#most = most;
    this.#start = start;
  }

  next(): StepRows<B> {
    const before = this.#open.narrow((input) => (this.#searches[input] as B).isDone);
    const inputs = this.#open.numbers;
    const held = inputs.map((input) => this.#searches[input] as B);
    const rows = sizeFor(Math.max(1, ...held.map(({ isDone, live }) => (isDone ? 0 : live))), this.#most);
    const rowsBefore = this.#rowsBefore;
    const tokens = new Int32Array(held.length * rows);
    const parents = new Int32Array(held.length * rows);
    for (const [at, each] of held.entries())
      for (let beam = 0; beam < rows; beam++) {
        tokens[at * rows + beam] = each.lastToken(beam, this.#start);
        parents[at * rows + beam] = (before?.[at] ?? at) * (rowsBefore ?? 1) + each.parent(beam);
      }
    this.#rowsBefore = rows;
    return { inputs, held, rows, tokens, parents: rowsBefore === undefined ? undefined : parents };
  }
}
