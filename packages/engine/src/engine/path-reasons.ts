import type { EmbeddingTable, InteractionLog } from '@palate/core';
import type { GraphPath, GraphPaths } from '@palate/graph-augment';
import type { ResolvedAsker } from './resolved-asker.js';

/** Items beyond which texts are not joined: each is compared with all others. */
const MOST_ITEMS = 20_000;

/**
 * Ways from a history to an item through the graph of people, items and texts that are alike, for the reason of a single
 * item. The first question joins the texts and builds the graph, at the cost of a product of all vectors with each other.
 */
export class PathReasons {
  readonly #log: InteractionLog;
  readonly #vectors: () => Promise<EmbeddingTable>;
  #paths: Promise<GraphPaths> | undefined;

  /** @param vectors - of the items' texts */
  constructor(log: InteractionLog, vectors: () => Promise<EmbeddingTable>) {
    this.#log = log;
    this.#vectors = vectors;
  }

  /**
   * The best way to an item from what was not rated lower than usual; none where nothing leads there, or there are too many
   * items.
   */
  async best(item: number, asker: ResolvedAsker): Promise<GraphPath | undefined> {
    const { history, ratings } = likedBy(asker);
    if (history.length === 0 || this.#log.items.size > MOST_ITEMS) return undefined;
    if (!this.#paths) {
      this.#paths = this.#build();
      // The next one who asks tries again.
      this.#paths.catch(() => {
        this.#paths = undefined;
      });
    }
    return (await this.#paths).find({ history, ratings, item, most: 1 })[0];
  }

  async #build(): Promise<GraphPaths> {
    const augment = await import('@palate/graph-augment');
    const vectors = (await this.#vectors()).align(this.#log.items);
    // The scale of an encoder is its own: what is alike is what is nearer than most neighbours are.
    const { relations } = await augment.textSimilarityEdges(vectors, { thresholds: 'quantile' });
    return new augment.GraphPaths(augment.relationGraph(this.#log, { relations }));
  }
}

/** The part of a history that its ratings speak for: all of it where there are none. */
function likedBy({ history, ratings }: ResolvedAsker): Pick<ResolvedAsker, 'history' | 'ratings'> {
  if (!ratings) return { history, ratings };
  const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
  return {
    history: history.filter((_, k) => (ratings[k] as number) >= mean),
    ratings: ratings.filter((rating) => rating >= mean),
  };
}
