import {
  type Artifact,
  ArtifactError,
  EmbeddingTable,
  IdMap,
  type InteractionLog,
  InvalidInputError,
  type TensorData,
} from '@palate/core';
import type { EncodedFeature, FeatureEncoding, FeatureSet } from '../features/feature-set.js';
import type { AdaptorOptions } from '../kar/hybrid-experts.js';
import type { CtrKnowledge } from './knowledge-input.js';

/** Users and items that a model knows: their ids, features and, for KAR, prestored knowledge vectors. */
export interface CtrEntities {
  readonly users: IdMap;
  readonly items: IdMap;
  readonly features: FeatureSet;
  readonly knowledge?: CtrKnowledge | undefined;
}

const SIDES = ['user', 'item'] as const;

/**
 * Refuses a log whose users or items are not those of a model.
 *
 * @throws InvalidInputError naming the first id that differs
 */
export function checkEntities(log: InteractionLog, { users, items }: CtrEntities): void {
  for (const [what, own, given] of [
    ['user', users, log.users],
    ['item', items, log.items],
  ] as const) {
    if (own === given) continue;
    const differs =
      own.size === given.size ? [...own].findIndex((id, at) => given.find(id) !== at) : own.size;
    if (differs < 0) continue;
    throw new InvalidInputError({
      expected: `the ${own.size} ${what}s of the model, in its order`,
      received:
        own.size === given.size
          ? `${JSON.stringify(given.idOf(differs))} at index ${differs} instead of ${JSON.stringify(own.idOf(differs))}`
          : `a log of ${given.size} ${what}s`,
      hint: 'Use the id maps that the model was fitted with, or extend the model.',
    });
  }
}

/**
 * Refuses features or knowledge that weights trained on others cannot read.
 *
 * @throws InvalidInputError that says what differs
 */
export function checkSameShape(own: CtrEntities, given: CtrEntities): void {
  const shapeOf = ({ features, knowledge }: CtrEntities): string =>
    [
      ...SIDES.flatMap((side) =>
        features[side].map(({ declaration, rows }) => `${side} ${declaration.name} with ${rows} rows`),
      ),
      ...SIDES.flatMap((side) => {
        const table = knowledge?.[side];
        return table ? [`knowledge of the ${side} ${table.width} wide`] : [];
      }),
    ].join(', ');
  if (shapeOf(own) !== shapeOf(given))
    throw new InvalidInputError({
      expected: shapeOf(own),
      received: shapeOf(given),
      hint: 'Encode features by encodeFeaturesLike, and knowledge by the encoder and the reduction of the fit.',
    });
}

/** Entities with the adaptor's options of others, which belong to the weights. */
export function withAdaptorOf(own: CtrEntities, { knowledge, ...given }: CtrEntities): CtrEntities {
  const adaptor = own.knowledge?.adaptor;
  return knowledge ? { ...given, knowledge: { ...knowledge, ...(adaptor ? { adaptor } : {}) } } : given;
}

/** What an artifact keeps of entities. */
export function entityContents({ users, items, features, knowledge }: CtrEntities): {
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly files: Readonly<Record<string, string>>;
} {
  const tensors: Record<string, TensorData> = {};
  const encodings: Record<string, FeatureEncoding[]> = {};
  for (const side of SIDES) {
    encodings[side] = features[side].map(({ codes, numbers, ...encoding }, k) => {
      const values = encoding.slots > 0 ? codes : numbers;
      tensors[`features/${side}/${k}`] = { shape: [values.length], values };
      return encoding;
    });
    const table = knowledge?.[side];
    if (table)
      tensors[`knowledge/${side}`] = {
        shape: [table.ids.size, table.width],
        values: table.align(side === 'user' ? users : items).data,
      };
  }
  return {
    tensors,
    files: {
      'users.json': JSON.stringify([...users]),
      'items.json': JSON.stringify([...items]),
      'features.json': JSON.stringify({ ...encodings, adaptor: knowledge?.adaptor ?? null }),
    },
  };
}

/**
 * Reads what {@link entityContents} gave.
 *
 * @throws ArtifactError if something is missing
 */
export function readEntities(dir: string, { tensors, files }: Artifact): CtrEntities {
  try {
    const json = <T>(name: string): T => JSON.parse(Buffer.from(files[name] ?? []).toString('utf8')) as T;
    const users = new IdMap(json<string[]>('users.json'), 'user');
    const items = new IdMap(json<string[]>('items.json'));
    const read = json<Record<'user' | 'item', FeatureEncoding[]> & { adaptor: AdaptorOptions | null }>(
      'features.json',
    );
    const featuresOf = (side: 'user' | 'item'): EncodedFeature[] =>
      read[side].map((encoding, k) => {
        const { values } = tensors[`features/${side}/${k}`] as TensorData;
        return encoding.slots > 0
          ? { ...encoding, codes: values as Int32Array, numbers: new Float32Array(0) }
          : { ...encoding, codes: new Int32Array(0), numbers: values as Float32Array };
      });
    const knowledge = SIDES.flatMap((side) => {
      const tensor = tensors[`knowledge/${side}`];
      if (!tensor) return [];
      const [, width = 0] = tensor.shape;
      const ids = side === 'user' ? users : items;
      return [[side, new EmbeddingTable(ids, width, tensor.values as Float32Array)] as const];
    });
    return {
      users,
      items,
      features: { user: featuresOf('user'), item: featuresOf('item') },
      ...(knowledge.length > 0
        ? {
            knowledge: {
              ...Object.fromEntries(knowledge),
              ...(read.adaptor ? { adaptor: read.adaptor } : {}),
            },
          }
        : {}),
    };
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: 'ids, features and knowledge of the model',
      received: (cause as Error).message,
      hint: 'Fit and save again.',
      cause,
    });
  }
}
