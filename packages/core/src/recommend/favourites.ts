import { artifactTensor } from '../artifact/artifact-tensor.js';
import type { TensorData } from '../artifact/safetensors.js';
import type { InteractionLog } from '../data/interaction-log.js';

/** Name of the tensor that keeps favourites in an artifact. */
const TENSOR = 'favourites';

/**
 * The most popular items: how often each item was chosen in training. Every retriever answers with them where a query
 * gives it nothing to go by, and counts that as a fallback.
 */
export class Favourites {
  /** One an item: its interactions in training. */
  readonly scores: Float32Array;

  /** @param scores - one an item, finite */
  constructor(scores: Float32Array) {
    this.scores = scores;
  }

  /** Counts the interactions of each item. */
  static of(log: InteractionLog): Favourites {
    return new Favourites(Float32Array.from(log.itemCounts()));
  }

  /** Whether a row of scores is the favourites themselves. */
  isAnswer(row: Float32Array): boolean {
    return row.length === this.scores.length && row.every((score, item) => score === this.scores[item]);
  }

  /**
   * Puts the favourites where a row of scores says nothing: where all items have one score.
   *
   * @param row - one score an item; changed in place
   */
  standIn(row: Float32Array): void {
    const [first] = row;
    if (row.every((score) => score === first)) row.set(this.scores);
  }

  /** As a tensor of an artifact, to be spread among the others. */
  tensors(): Readonly<Record<string, TensorData>> {
    return { [TENSOR]: { shape: [this.scores.length], values: this.scores } };
  }

  /**
   * Takes what {@link Favourites.tensors} gave out of an artifact.
   *
   * @throws ArtifactError if it is missing or damaged
   */
  static saved(dir: string, tensors: Readonly<Record<string, TensorData>>, items: number): Favourites {
    return new Favourites(
      artifactTensor(dir, tensors, TENSOR, { type: 'float32', shape: [items], min: 0 }).values,
    );
  }
}
