import {
  checkOptions,
  checkProvenance,
  EmbeddingTable,
  type IdMap,
  InvalidInputError,
  type PredictedInteractions,
  type RandomStream,
} from '@palate/core';
import { Dense, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureSet } from '../features/feature-set.js';
import { type AdaptorOptions, type AdaptorSettings, adaptorSettings } from '../kar/adaptor-options.js';
import { KnowledgeAdaptor } from '../kar/hybrid-experts.js';
import { joined, withUnknown } from './entity-side.js';

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
        hint: 'Encode texts with encodeKnowledge, and pass its table.',
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

/**
 * KAR's augmented vectors as fields of any model: vectors of users and items, adapted, weighed by a gate of the entity's
 * own and brought to the width of a field. An entity without knowledge adds nothing.
 */
export class KnowledgeFields {
  /** Fields that are added; 0 without knowledge. */
  readonly count: number;
  readonly #sides: Readonly<Partial<Record<'user' | 'item', KnowledgeSide>>>;
  readonly #adaptor: KnowledgeAdaptor | undefined;
  readonly #options: AdaptorSettings | undefined;

  /**
   * @param dimension - width of a field
   * @param own - width of what the features say of an entity of each side, which its gate reads
   * @throws InvalidInputError if an entity has no row
   */
  constructor(
    parameters: Parameters,
    ids: { readonly users: IdMap; readonly items: IdMap },
    knowledge: CtrKnowledge | undefined,
    dimension: number,
    own: Readonly<Record<'user' | 'item', number>>,
    random: RandomStream,
  ) {
    const tables = SIDES.flatMap((side) => {
      const table = knowledge?.[side];
      return table ? [{ side, table: table.align(side === 'user' ? ids.users : ids.items) }] : [];
    });
    if (tables.length === 0) {
      this.count = 0;
      this.#sides = {};
      return;
    }
    const options = adaptorSettings(knowledge?.adaptor);
    const adaptor = new KnowledgeAdaptor(
      parameters,
      Object.fromEntries(tables.map(({ side, table }) => [side, table.width])),
      random,
      knowledge?.adaptor,
    );
    this.#options = options;
    this.#adaptor = adaptor;
    this.#sides = Object.fromEntries(
      tables.map(({ side, table: { ids: entities, data, width } }) => [
        side,
        {
          table: parameters.hold(
            tf.tensor2d(withUnknown(data, entities.size, width), [entities.size + 1, width]),
          ),
          gate: options.gate
            ? new Dense(parameters, `${side}.open`, width + own[side], 1, random, { deviation: 0.02 })
            : undefined,
          field: new Dense(parameters, `${side}.field`, adaptor.width, dimension, random, {
            bias: false,
          }),
        },
      ]),
    );
    this.count = tables.length + (this.#matches ? 1 : 0);
  }

  get #matches(): boolean {
    return this.#options?.match === true && Object.keys(this.#sides).length === 2;
  }

  /**
   * Augmented vectors of entities of a side, `[rows, dimension]`; nothing where the side has no knowledge.
   *
   * @param entities - int32, `[rows]`
   * @param own - vectors of the entities' features, `[rows, width]`
   */
  of(
    side: 'user' | 'item',
    entities: tf.Tensor1D,
    own: tf.Tensor | undefined,
    pass: ForwardPass,
  ): tf.Tensor | undefined {
    const found = this.#sides[side];
    if (!found) return undefined;
    const texts = tf.gather(found.table, entities) as tf.Tensor2D;
    const vectors = found.field.apply((this.#adaptor as KnowledgeAdaptor).apply(side, texts, pass));
    // One draw a row: the whole vector is there or not.
    const shown = pass.dropout(presence(texts), this.#options?.hide ?? 0);
    return tf.mul(vectors, tf.mul(shown, opening(found, texts, own)));
  }

  /** Shares of the knowledge of entities that their gates let in, `[rows, 1]`; nothing where the side has no knowledge. */
  gates(side: 'user' | 'item', entities: tf.Tensor1D, own: tf.Tensor | undefined): tf.Tensor | undefined {
    const found = this.#sides[side];
    if (!found) return undefined;
    const texts = tf.gather(found.table, entities) as tf.Tensor2D;
    return tf.mul(presence(texts), opening(found, texts, own));
  }

  /** The fields of a batch: augmented vectors of the sides, and how they match where that is wanted. */
  fields(user: tf.Tensor | undefined, item: tf.Tensor | undefined): tf.Tensor[] {
    const there = [user, item].filter((part) => part !== undefined);
    return this.#matches ? [...there, tf.mul(user as tf.Tensor, item as tf.Tensor)] : there;
  }
}

/** Offset of a gate's score: gates begin more shut than open. */
const GATE_START = -1;

interface KnowledgeSide {
  /** Vectors with a row of zeros behind the last entity. */
  readonly table: tf.Tensor2D;
  readonly gate: Dense | undefined;
  readonly field: Dense;
}

/** 1 for entities with knowledge and 0 for others, `[rows, 1]`. */
const presence = (texts: tf.Tensor2D): tf.Tensor =>
  tf.cast(tf.greater(tf.sum(tf.abs(texts), 1, true), 0), 'float32');

const opening = ({ gate }: KnowledgeSide, texts: tf.Tensor2D, own: tf.Tensor | undefined): tf.Tensor =>
  gate ? tf.sigmoid(tf.add(gate.apply(joined([texts, own]) as tf.Tensor), GATE_START)) : tf.scalar(1);
