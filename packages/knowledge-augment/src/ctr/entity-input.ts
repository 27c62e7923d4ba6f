import type { RandomStream } from '@palate/core';
import { type BatchTensors, ForwardPass, Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { CtrAssembly, type CtrInput, type CtrShape } from './ctr-input.js';
import type { CtrEntities } from './entities.js';
import { type EntityRows, EntitySide } from './entity-side.js';
import { KnowledgeFields } from './knowledge-input.js';
import { StoredRows } from './stored-rows.js';

const SIDES = ['user', 'item'] as const;
type Side = (typeof SIDES)[number];

/**
 * The input of any model over entities: embedded features, with KAR's augmented vectors as further fields. While training
 * everything is computed from the weights; to serve, the vectors of all users and items are computed once and kept.
 */
export class EntityInput {
  readonly shape: CtrShape;
  readonly #sides: Readonly<Record<Side, EntitySide>>;
  readonly #sizes: Readonly<Record<Side, number>>;
  readonly #knowledge: KnowledgeFields;
  readonly #assembly: CtrAssembly;
  readonly #dropout: number;
  #storing: Promise<Readonly<Record<Side, StoredRows>>> | undefined;
  #stored: Readonly<Record<Side, StoredRows>> | undefined;
  #held: Parameters | undefined;

  constructor(
    parameters: Parameters,
    { dimension, historyLength, dropout }: { dimension: number; historyLength: number; dropout: number },
    { features, knowledge, users, items }: CtrEntities,
    random: RandomStream,
  ) {
    const featureRandom = random.fork('features');
    const side = (of: Side, size: number): EntitySide =>
      new EntitySide(parameters, features[of], size, dimension, featureRandom);
    this.#dropout = dropout;
    this.#sizes = { user: users.size, item: items.size };
    this.#sides = { user: side('user', users.size), item: side('item', items.size) };
    const { user, item } = this.#sides;
    this.#knowledge = new KnowledgeFields(
      parameters,
      { users, items },
      knowledge,
      dimension,
      { user: user.fields * dimension, item: item.fields * dimension },
      random.fork('adaptor'),
    );
    this.#assembly = new CtrAssembly(
      parameters,
      features.context,
      {
        userFields: user.fields,
        itemFields: item.fields,
        numbers: user.numbers + item.numbers,
        knowledge: this.#knowledge.count,
      },
      dimension,
      historyLength,
      featureRandom,
    );
    this.shape = this.#assembly.shape;
  }

  /** Everything computed from the weights, as training needs it. @param batch - of `ctrBatch` */
  apply(batch: BatchTensors, pass: ForwardPass): CtrInput {
    const { history } = batch as Record<'history', tf.Tensor>;
    const past = this.#sides.item.fieldsOf(history) as tf.Tensor;
    return this.#assemble(batch, (side, entities) => this.#rowsOf(side, entities, pass), past, pass);
  }

  /** As {@link apply} without dropout, from the rows that {@link store} keeps. */
  serve(batch: BatchTensors): CtrInput {
    const stored = this.#stored;
    if (!stored) return this.apply(batch, ForwardPass.inference());
    const { history } = batch as Record<'history', tf.Tensor>;
    return this.#assemble(
      batch,
      (side, entities) => stored[side].rowsOf(entities),
      stored.item.fieldsOf(history),
      ForwardPass.inference(),
    );
  }

  /** The vectors that {@link store} keeps at present, for callers that need to know when they change. */
  get stored(): object | undefined {
    return this.#stored;
  }

  /** Computes the vectors of all users and items, those of their knowledge included, and keeps them until {@link forget}. */
  async store(): Promise<void> {
    const held = this.#held ?? new Parameters();
    this.#held = held;
    this.#storing ??= this.#build(held);
    const built = await this.#storing;
    if (this.#held === held) this.#stored = built;
  }

  /** Shares of the knowledge of all entities of a side that their gates let in; nothing where it has no knowledge. */
  async gates(side: Side): Promise<Float32Array | undefined> {
    const found = tf.tidy(() => {
      const all = tf.range(0, this.#sizes[side], 1, 'int32');
      return this.#knowledge.gates(side, all, this.#sides[side].fieldsOf(all));
    });
    if (!found) return undefined;
    const shares = await found.data<'float32'>();
    found.dispose();
    return shares;
  }

  /** Gives back what {@link store} keeps: weights have changed, or the model is disposed of. */
  forget(): void {
    this.#held?.dispose();
    this.#held = undefined;
    this.#storing = undefined;
    this.#stored = undefined;
  }

  async #build(held: Parameters): Promise<Readonly<Record<Side, StoredRows>>> {
    const rows = (side: Side): Promise<StoredRows> =>
      StoredRows.compute(held, this.#sizes[side] + 1, (entities) =>
        this.#rowsOf(side, entities, ForwardPass.inference()),
      );
    return { user: await rows('user'), item: await rows('item') };
  }

  #rowsOf(side: Side, entities: tf.Tensor1D, pass: ForwardPass): EntityRows {
    const rows = this.#sides[side].rowsOf(entities);
    return { ...rows, knowledge: this.#knowledge.of(side, entities, rows.fields, pass) };
  }

  #assemble(
    batch: BatchTensors,
    rowsOf: (side: Side, entities: tf.Tensor1D) => EntityRows,
    past: tf.Tensor,
    pass: ForwardPass,
  ): CtrInput {
    const [user, item] = SIDES.map((side) => rowsOf(side, batch[side] as tf.Tensor1D)) as [
      EntityRows,
      EntityRows,
    ];
    return this.#assembly.apply(
      batch,
      { user, item, past },
      this.#knowledge.fields(user.knowledge, item.knowledge),
      pass,
      this.#dropout,
    );
  }
}
