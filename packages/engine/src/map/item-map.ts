import type { Snapshot } from '../engine/snapshot.js';

/** Items that a map holds at most: more dots than that are fog. */
const MOST_MAPPED = 20_000;

/** Items on a plane and in a tree of codes, column by column: entry `k` of each list belongs to one item. Plain JSON. */
export interface ItemMap {
  readonly ids: readonly string[];
  readonly titles: readonly string[];
  /** The two directions of most variance of the items' text vectors, on one scale from -1 to 1. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Semantic ID of each item, coarse to fine; the last codes only distinguish items of equal codes. */
  readonly codes: readonly (readonly number[])[];
  /** How often each item was chosen in the data. */
  readonly interactions: readonly number[];
  /** Items of the catalogue; more than are listed where there are more than 20,000, which then are the most chosen. */
  readonly total: number;
  /** Sentence for people on how vectors, plane and codes were made. */
  readonly source: string;
  /** Names the data and the items. */
  readonly version: string;
}

/** The map of the items of now; without items where none has a text. */
export async function itemMap(snapshot: Snapshot, signal?: AbortSignal): Promise<ItemMap> {
  const { catalogue, popularity, generation, version } = snapshot;
  const total = catalogue.size;
  if (total === 0 || !catalogue.hasTexts)
    return {
      ids: [],
      titles: [],
      x: [],
      y: [],
      codes: [],
      interactions: [],
      total,
      source: 'No item has a text.',
      version,
    };
  const { plane, ids } = await snapshot.laidOut(signal);
  // IDs that a model was trained on say more than those of the map alone.
  const trained = generation.semanticIds?.items.size === total ? generation.semanticIds : undefined;
  const items = Array.from({ length: total }, (_, item) => item);
  const chosen =
    total <= MOST_MAPPED
      ? items
      : items
          .sort((a, b) => (popularity[b] as number) - (popularity[a] as number) || a - b)
          .slice(0, MOST_MAPPED);
  const coordinate = (item: number, axis: number): number =>
    Math.round((plane[item * 2 + axis] as number) * 1e4) / 1e4;
  return {
    ids: chosen.map((item) => catalogue.items.idOf(item)),
    titles: chosen.map((item) => catalogue.title(item)),
    x: chosen.map((item) => coordinate(item, 0)),
    y: chosen.map((item) => coordinate(item, 1)),
    codes: chosen.map((item) => (trained ?? ids).tuple(item)),
    interactions: chosen.map((item) => popularity[item] as number),
    total,
    source: `The plane: the two directions in which the texts’ vectors differ most. The codes: ${
      trained
        ? 'semantic IDs that a model was trained on'
        : `residual k-means of the same vectors, ${ids.codebook.levels} codes of ${ids.size}`
    }.`,
    version,
  };
}
