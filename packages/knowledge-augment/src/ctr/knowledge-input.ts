import type { EmbeddingTable, InteractionLog, RandomStream } from '@palate/core';
import type { BatchTensors, ForwardPass, Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type AdaptorOptions, KnowledgeAdaptor } from '../kar/hybrid-experts.js';

/** Prestored knowledge vectors of either side or both, a row for every id of the log's maps; zeros for unknown. */
export interface CtrKnowledge {
  readonly user?: EmbeddingTable;
  readonly item?: EmbeddingTable;
  readonly adaptor?: AdaptorOptions;
}

/** Knowledge vectors of a batch, adapted: what KAR adds to the input of any model. */
export class KnowledgeInput {
  /** Width of what is added; 0 without knowledge. */
  readonly width: number;
  readonly #tables: readonly { readonly side: 'user' | 'item'; readonly table: tf.Tensor2D }[];
  readonly #adaptor: KnowledgeAdaptor | undefined;
  readonly #options: AdaptorOptions;

  /** @throws InvalidInputError if an entity has no row */
  constructor(
    parameters: Parameters,
    ids: Pick<InteractionLog, 'users' | 'items'>,
    knowledge: CtrKnowledge | undefined,
    random: RandomStream,
  ) {
    this.#options = knowledge?.adaptor ?? {};
    this.#tables = (['user', 'item'] as const).flatMap((side) => {
      const table = knowledge?.[side];
      if (!table) return [];
      const own = side === 'user' ? ids.users : ids.items;
      const { data, width } = table.align(own);
      return [{ side, table: tf.keep(tf.tensor2d(data, [own.size, width])) }];
    });
    this.#adaptor =
      this.#tables.length > 0
        ? new KnowledgeAdaptor(
            parameters,
            Object.fromEntries(this.#tables.map(({ side, table }) => [side, table.shape[1]])),
            random,
            this.#options,
          )
        : undefined;
    const vectors = this.#tables.length + (this.#matches ? 1 : 0);
    this.width = vectors * (this.#adaptor?.width ?? 0);
  }

  get #matches(): boolean {
    return this.#options.match === true && this.#tables.length === 2;
  }

  /** @param batch - with `user` and `item`, int32 `[rows]`; returns `[rows, width]`, nothing without knowledge */
  apply(batch: BatchTensors, pass: ForwardPass): tf.Tensor2D | undefined {
    const { hide = 0 } = this.#options;
    const augmented = this.#tables.map(({ side, table }) => {
      const rows = tf.gather(table, batch[side] as tf.Tensor1D) as tf.Tensor2D;
      const vectors = (this.#adaptor as KnowledgeAdaptor).apply(side, rows, pass);
      // One draw a row: the whole vector is there or not.
      return hide === 0
        ? vectors
        : (tf.mul(vectors, pass.dropout(tf.ones([rows.shape[0], 1]), hide)) as tf.Tensor2D);
    });
    if (this.#matches)
      augmented.push(tf.mul(augmented[0] as tf.Tensor2D, augmented[1] as tf.Tensor2D) as tf.Tensor2D);
    return augmented.length > 0 ? (tf.concat(augmented, 1) as tf.Tensor2D) : undefined;
  }
}
