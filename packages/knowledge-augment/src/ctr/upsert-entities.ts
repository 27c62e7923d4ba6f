import {
  type AttributeValue,
  checkOptions,
  EmbeddingTable,
  IdMap,
  InvalidInputError,
  joinProvenance,
  WORLD,
} from '@palate/core';
import { type EncodedFeature, encodeAttributes, type FeatureSet } from '../features/feature-set.js';
import type { CtrEntities } from './entities.js';
import { withUnknown } from './entity-side.js';

/** Users or items that are added or replaced. */
export interface UpsertedEntities {
  /** External ids: those known are replaced, others are added behind them. */
  readonly ids: readonly string[];
  /** Their attributes by name, aligned with `ids`; what a feature does not find here is unknown. */
  readonly attributes?: Readonly<Record<string, readonly AttributeValue[]>> | undefined;
  /** Their knowledge vectors; those who have none here fall back to the model without knowledge. */
  readonly knowledge?: EmbeddingTable | undefined;
}

/** Users and items that are added or replaced. */
export interface Upserts {
  readonly users?: UpsertedEntities | undefined;
  readonly items?: UpsertedEntities | undefined;
}

/**
 * Entities with some added or replaced. The indexes of those known stay.
 *
 * @throws InvalidInputError for duplicate ids, columns or vectors that do not fit
 */
export function withUpserts(own: CtrEntities, changes: Upserts): CtrEntities {
  checkOptions('upserts', changes, ['users', 'items']);
  const user = upserted(own, 'user', changes.users);
  const item = upserted(own, 'item', changes.items);
  const features: FeatureSet = {
    user: user.features,
    item: item.features,
    context: own.features.context,
  };
  const knowledge = own.knowledge && { ...own.knowledge, user: user.knowledge, item: item.knowledge };
  return { users: user.ids, items: item.ids, features, knowledge };
}

interface UpsertedSide {
  readonly ids: IdMap;
  readonly features: readonly EncodedFeature[];
  readonly knowledge: EmbeddingTable | undefined;
}

function upserted(
  { users, items, features: all, knowledge: tables }: CtrEntities,
  side: 'user' | 'item',
  change: UpsertedEntities | undefined,
): UpsertedSide {
  const before = side === 'user' ? users : items;
  const features = all[side];
  const table = tables?.[side];
  if (!change || change.ids.length === 0) return { ids: before, features, knowledge: table };
  const { attributes = {}, knowledge } = change;
  const given = new IdMap(change.ids, side);
  if (knowledge && knowledge.width !== table?.width)
    throw new InvalidInputError({
      expected: table
        ? `knowledge of the ${side}s ${table.width} wide`
        : `no knowledge of the ${side}s, which the model does not read`,
      received: `vectors of ${knowledge.width}`,
      hint: 'Encode texts with the encoder and the reduction of the fit.',
    });
  for (const [name, column] of Object.entries(attributes))
    if (column.length !== given.size)
      throw new InvalidInputError({
        expected: `the attribute ${name} of ${given.size} ${side}s`,
        received: `${column.length} values`,
        hint: 'Give each id a value, in their order; undefined where it is not known.',
      });
  const ids = new IdMap([...before, ...[...given].filter((id) => before.find(id) === undefined)], side);
  const places = [...given].map((id) => ids.indexOf(id));
  return {
    ids,
    features: features.map((feature) => {
      const { name } = feature.declaration;
      const column =
        name === 'id'
          ? change.ids
          : (attributes[name] ?? new Array<AttributeValue>(given.size).fill(undefined));
      const fresh = encodeAttributes(feature, column);
      return {
        ...feature,
        codes: merged(feature.codes, fresh.codes, ids.size, feature.slots, places),
        numbers: merged(feature.numbers, fresh.numbers, ids.size, feature.slots === 0 ? 1 : 0, places),
      };
    }),
    knowledge:
      table &&
      new EmbeddingTable(
        ids,
        table.width,
        merged(
          table.align(before).data,
          knowledge ? knowledge.align(given).data : new Float32Array(given.size * table.width),
          ids.size,
          table.width,
          places,
        ),
        joinProvenance([table.provenance, knowledge?.provenance ?? WORLD]),
      ),
  };
}

/** The previous rows with new ones in their places. */
function merged<T extends Int32Array | Float32Array>(
  before: T,
  fresh: T,
  size: number,
  width: number,
  places: readonly number[],
): T {
  const all = withUnknown(before, size, width).subarray(0, size * width) as T;
  for (const [at, place] of places.entries())
    all.set(fresh.subarray(at * width, (at + 1) * width), place * width);
  return all;
}
