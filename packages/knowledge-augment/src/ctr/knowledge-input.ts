import {
  checkOptions,
  checkProvenance,
  EmbeddingTable,
  type IdMap,
  InvalidInputError,
  type PredictedInteractions,
  type RandomStream,
} from '@palate/core';
import type { BatchTensors, ForwardPass, Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureSet } from '../features/feature-set.js';
import { type AdaptorOptions, type AdaptorSettings, adaptorSettings } from '../kar/adaptor-options.js';
import { KnowledgeAdaptor } from '../kar/hybrid-experts.js';

/** Prestored knowledge vectors of either side or both, a row for every id of the log's maps; zeros for unknown. */
export interface CtrKnowledge {
  readonly user?: EmbeddingTable | undefined;
  readonly item?: EmbeddingTable | undefined;
  readonly adaptor?: AdaptorOptions | undefined;
}

const SIDES = ['user', 'item'] as const;

/**
 * Checks knowledge before anything is built from it.
 *
 * @throws InvalidInputError if there are no vectors in it, an entity has none, or the adaptor cannot read them
 */
export function checkKnowledge(
  knowledge: CtrKnowledge | undefined,
  ids: { readonly users: IdMap; readonly items: IdMap },
): void {
  if (knowledge === undefined) return;
  checkOptions('knowledge', knowledge, [...SIDES, 'adaptor']);
  const widths: Partial<Record<'user' | 'item', number>> = {};
  for (const side of SIDES) {
    const table = knowledge[side];
    if (table === undefined) continue;
    if (!(table instanceof EmbeddingTable))
      throw new InvalidInputError({
        expected: `knowledge of the ${side}s as an EmbeddingTable`,
        received: typeof table,
        hint: 'Encode texts by encodeKnowledge, and pass its table.',
      });
    table.align(side === 'user' ? ids.users : ids.items);
    widths[side] = table.width;
  }
  if (Object.keys(widths).length === 0)
    throw new InvalidInputError({
      expected: 'vectors of users or items in the knowledge',
      received: 'none',
      hint: 'Pass user, item or both, or leave knowledge out.',
    });
  adaptorSettings(knowledge.adaptor, widths);
}

/**
 * Refuses knowledge and features that know what they help to predict.
 *
 * @param isEvaluated - false for mere training, where knowledge that does not say what it knows is admitted
 * @throws LeakError naming the side, or the feature, and the interaction
 */
export function checkKnowledgeProvenance(
  { knowledge, features }: { readonly knowledge?: CtrKnowledge | undefined; readonly features: FeatureSet },
  predicted: PredictedInteractions,
  isEvaluated: boolean,
): void {
  for (const side of SIDES) {
    const provenance = knowledge?.[side]?.provenance;
    if (provenance && (isEvaluated || provenance.kind !== 'unknown'))
      checkProvenance(`the knowledge of the ${side}s`, provenance, predicted);
    for (const { declaration, provenance: known } of features[side])
      if (isEvaluated || known.kind !== 'unknown')
        checkProvenance(`the ${side} feature ${declaration.name}`, known, predicted);
  }
}

/** Knowledge vectors of a batch, adapted: what KAR adds to the input of any model. */
export class KnowledgeInput {
  /** Width of what is added; 0 without knowledge. */
  readonly width: number;
  readonly #tables: readonly { readonly side: 'user' | 'item'; readonly table: tf.Tensor2D }[];
  readonly #adaptor: KnowledgeAdaptor | undefined;
  readonly #options: AdaptorSettings | undefined;

  /** @throws InvalidInputError if an entity has no row */
  constructor(
    parameters: Parameters,
    ids: { readonly users: IdMap; readonly items: IdMap },
    knowledge: CtrKnowledge | undefined,
    random: RandomStream,
  ) {
    this.#options = knowledge ? adaptorSettings(knowledge.adaptor) : undefined;
    this.#tables = SIDES.flatMap((side) => {
      const table = knowledge?.[side];
      if (!table) return [];
      const own = side === 'user' ? ids.users : ids.items;
      const { data, width } = table.align(own);
      return [{ side, table: parameters.hold(tf.tensor2d(data, [own.size, width])) }];
    });
    this.#adaptor =
      this.#tables.length > 0
        ? new KnowledgeAdaptor(
            parameters,
            Object.fromEntries(this.#tables.map(({ side, table }) => [side, table.shape[1]])),
            random,
            knowledge?.adaptor,
          )
        : undefined;
    const vectors = this.#tables.length + (this.#matches ? 1 : 0);
    this.width = vectors * (this.#adaptor?.width ?? 0);
  }

  get #matches(): boolean {
    return this.#options?.match === true && this.#tables.length === 2;
  }

  /** @param batch - with `user` and `item`, int32 `[rows]`; returns `[rows, width]`, nothing without knowledge */
  apply(batch: BatchTensors, pass: ForwardPass): tf.Tensor2D | undefined {
    const hide = this.#options?.hide ?? 0;
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
