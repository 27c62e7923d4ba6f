import {
  type Artifact,
  artifactTensor,
  EmbeddingTable,
  type IdMap,
  type InteractionLog,
  InvalidInputError,
  itemFiles,
  type Provenance,
  readProvenance,
  savedItems,
  savedJson,
  type TensorData,
} from '@palate/core';
import { type FeatureEncoding, readFeatureEncoding } from '../features/feature-encoding.js';
import type { EncodedFeature, FeatureSet } from '../features/feature-set.js';
import type { AdaptorOptions } from '../kar/adaptor-options.js';
import { type CtrKnowledge, checkKnowledge } from './knowledge-input.js';

/** Users and items that a model knows: their ids, features and, for KAR, prestored knowledge vectors. */
export interface CtrEntities {
  readonly users: IdMap;
  readonly items: IdMap;
  readonly features: FeatureSet;
  readonly knowledge?: CtrKnowledge | undefined;
}

const SIDES = ['user', 'item'] as const;

const USERS = 'users.json';

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
 * Refuses features or knowledge that are not of the users and items given.
 *
 * @throws InvalidInputError naming the feature or the side
 */
export function checkEntityParts(entities: CtrEntities): void {
  for (const side of SIDES)
    for (const { declaration, codes, numbers, slots } of entities.features[side]) {
      const { size } = side === 'user' ? entities.users : entities.items;
      const found = slots > 0 ? codes.length / slots : numbers.length;
      if (found !== size)
        throw new InvalidInputError({
          expected: `the ${side} feature ${declaration.name} of ${size} ${side}s`,
          received: `one of ${found}`,
          hint: 'Encode the features of the data set that the samples come from.',
        });
    }
  checkKnowledge(entities.knowledge, entities);
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
      ...features.context.map(({ declaration, rows }) => `context ${declaration.name} with ${rows} rows`),
      ...SIDES.flatMap((side) => {
        const table = knowledge?.[side];
        return table ? [`knowledge of the ${side} ${table.width} wide`] : [];
      }),
    ].join(', ');
  if (shapeOf(own) !== shapeOf(given))
    throw new InvalidInputError({
      expected: shapeOf(own),
      received: shapeOf(given),
      hint: 'Encode features with encodeFeaturesLike, and knowledge with the encoder and the reduction of the fit.',
    });
}

/** Entities with the adaptor's options of others, which belong to the weights. */
export function withAdaptorOf(own: CtrEntities, { knowledge, ...given }: CtrEntities): CtrEntities {
  const adaptor = own.knowledge?.adaptor;
  return knowledge ? { ...given, knowledge: { ...knowledge, adaptor } } : given;
}

/** Entities as an artifact keeps them. */
export function entityContents({ users, items, features, knowledge }: CtrEntities): {
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly files: Readonly<Record<string, string>>;
} {
  const tensors: Record<string, TensorData> = {};
  const encodings: Record<string, FeatureEncoding[]> = {};
  const provenance: Record<string, Provenance> = {};
  for (const side of SIDES) {
    encodings[side] = features[side].map(({ codes, numbers, ...encoding }, k) => {
      const values = encoding.slots > 0 ? codes : numbers;
      tensors[`features/${side}/${k}`] = { shape: [values.length], values };
      return encoding;
    });
    const table = knowledge?.[side];
    if (!table) continue;
    provenance[side] = table.provenance;
    tensors[`knowledge/${side}`] = {
      shape: [table.ids.size, table.width],
      values: table.align(side === 'user' ? users : items).data,
    };
  }
  return {
    tensors,
    files: {
      ...itemFiles(items),
      ...itemFiles(users, USERS),
      'features.json': JSON.stringify({
        ...encodings,
        context: features.context,
        adaptor: knowledge?.adaptor ?? null,
        provenance,
      }),
    },
  };
}

/** Names of the tensors of {@link entityContents}; all others are weights. */
export function isEntityTensor(name: string): boolean {
  return name.startsWith('features/') || name.startsWith('knowledge/');
}

/**
 * Reads what {@link entityContents} gave, and checks each part against the others.
 *
 * @throws ArtifactError if something is missing or does not fit; the errors of what it is made of otherwise
 */
export function readEntities(dir: string, artifact: Artifact): CtrEntities {
  const { tensors } = artifact;
  const entities = { users: savedItems(dir, artifact, USERS, 'user'), items: savedItems(dir, artifact) };
  const read = savedJson(dir, artifact, 'features.json') as Readonly<Record<string, unknown>> | null;
  const featuresOf = (side: 'user' | 'item'): EncodedFeature[] => {
    const list = read?.[side];
    const size = side === 'user' ? entities.users.size : entities.items.size;
    return (Array.isArray(list) ? list : []).map((value: unknown, k): EncodedFeature => {
      const encoding = readFeatureEncoding(dir, side, value);
      const name = `features/${side}/${k}`;
      const { slots, rows } = encoding;
      const provenance = readProvenance(Object(value).provenance);
      const none = { codes: new Int32Array(0), numbers: new Float32Array(0), provenance };
      if (slots === 0)
        return {
          ...encoding,
          ...none,
          numbers: artifactTensor(dir, tensors, name, { type: 'float32', shape: [size] }).values,
        };
      const expectation = { type: 'int32', shape: [size * slots], min: 0, max: rows - 1 } as const;
      return { ...encoding, ...none, codes: artifactTensor(dir, tensors, name, expectation).values };
    });
  };
  const context: unknown = read?.context;
  const features = {
    user: featuresOf('user'),
    item: featuresOf('item'),
    context: (Array.isArray(context) ? context : []).map((value: unknown) =>
      readFeatureEncoding(dir, 'context', value),
    ),
  };
  const notes = (read?.provenance ?? {}) as Readonly<Record<string, unknown>>;
  const tables = SIDES.flatMap((side) => {
    const name = `knowledge/${side}`;
    if (!Object.hasOwn(tensors, name)) return [];
    const own = side === 'user' ? entities.users : entities.items;
    const { shape, values } = artifactTensor(dir, tensors, name, {
      type: 'float32',
      shape: [own.size, undefined],
    });
    return [
      [side, new EmbeddingTable(own, shape[1] as number, values, readProvenance(notes[side]))] as const,
    ];
  });
  if (tables.length === 0) return { ...entities, features };
  const adaptor = read?.adaptor as AdaptorOptions | null | undefined;
  const knowledge: CtrKnowledge = { ...Object.fromEntries(tables), adaptor: adaptor ?? undefined };
  checkKnowledge(knowledge, entities);
  return { ...entities, features, knowledge };
}
