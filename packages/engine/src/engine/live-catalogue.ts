import {
  type AttributeValue,
  Catalog,
  contentHash,
  createDataset,
  type Dataset,
  foldText,
  IdMap,
  InteractionLog,
  InvalidInputError,
  nearestName,
  type Provenance,
  unknownName,
  WORLD,
} from '@palate/core';
import { describingFields, itemTexts } from '../methods/item-texts.js';
import type { ItemKnowledge } from './options.js';
import type { NewItem } from './request.js';

/** How items are named and described. */
export interface CatalogueOptions {
  readonly texts?: readonly string[] | undefined;
  readonly title?: string | undefined;
  readonly knowledge?: ItemKnowledge | undefined;
}

/** Column of ids, where no column names the items. */
const NAME = 'id';
/** Ids beyond which no nearest one is looked for. */
const MOST_COMPARED = 100_000;

/**
 * The items as they are now: those of the data set, and behind them those that came later. It never changes; new items make
 * another one, in which every item keeps its dense index.
 */
export class LiveCatalogue {
  /** The interactions, over all items of now. */
  readonly dataset: Dataset;
  readonly items: IdMap;
  readonly titles: readonly string[];
  /** Everything in words that describes an item: columns, knowledge, tags. */
  readonly texts: readonly string[];
  /** Changes with the items and their texts. */
  readonly identity: string;
  readonly knowledge: ItemKnowledge;
  /** Knowledge of interactions in the texts. */
  readonly provenance: Provenance;
  readonly #options: CatalogueOptions;
  readonly #titleColumn: string | undefined;
  /** Made when they are first asked for: every reason asks for those of a whole history. */
  readonly #tags: (readonly string[] | undefined)[] = [];

  private constructor(dataset: Dataset, options: CatalogueOptions) {
    const { catalog, log } = dataset;
    const { knowledge = {}, texts: fields = describingFields(dataset) } = options;
    const { title = ['title', 'name'].find((name) => name in catalog.text) ?? Object.keys(catalog.text)[0] } =
      options;
    for (const column of [...fields, ...(options.title === undefined ? [] : [options.title])])
      checkColumn(catalog, column);
    this.dataset = dataset;
    this.items = log.items;
    this.knowledge = knowledge;
    this.#options = options;
    this.#titleColumn = title;
    this.titles = Array.from(log.items, (id, item) =>
      title === undefined ? id : catalog.itemText(item, [title]) || id,
    );
    const { texts, provenance } = itemTexts(dataset, knowledge, fields);
    this.texts = texts;
    this.provenance = provenance;
    this.identity = contentHash([[...log.items], this.texts, this.titles]);
  }

  /**
   * @throws InvalidInputError for columns that the catalogue does not have
   */
  static of(dataset: Dataset, options: CatalogueOptions = {}): LiveCatalogue {
    return new LiveCatalogue(dataset, options);
  }

  get size(): number {
    return this.items.size;
  }

  /** Whether there is a text that says more than an id. */
  get hasTexts(): boolean {
    return this.texts.some((text) => text !== '');
  }

  /**
   * The dense index of an id.
   *
   * @param where - how the message calls the field
   * @throws InvalidInputError naming the id, and the nearest id or the one of that title
   */
  indexOf(id: unknown, where: string): number {
    const index = typeof id === 'string' ? this.items.find(id) : undefined;
    if (index !== undefined) return index;
    throw new InvalidInputError({
      expected: `ids of known items in ${where}`,
      received: JSON.stringify(id) ?? String(id),
      hint: this.#meant(id),
    });
  }

  #meant(id: unknown): string {
    if (typeof id !== 'string') return 'Give ids as strings.';
    const folded = foldText(id).trim();
    const byTitle = this.titles.findIndex((title) => foldText(title) === folded);
    if (byTitle >= 0) return `That is a title; its id is ${JSON.stringify(this.items.idOf(byTitle))}.`;
    const nearest =
      this.size <= MOST_COMPARED
        ? (nearestName(id, [...this.items]) ?? this.#nearestTitle(folded))
        : undefined;
    return nearest === undefined
      ? 'Use the ids of the data set.'
      : `Did you mean ${JSON.stringify(nearest)}?`;
  }

  #nearestTitle(folded: string): string | undefined {
    const meant = nearestName(folded, this.titles.map(foldText));
    const item = meant === undefined ? -1 : this.titles.findIndex((title) => foldText(title) === meant);
    return item < 0 ? undefined : this.items.idOf(item);
  }

  title(item: number): string {
    return this.titles[item] ?? this.items.idOf(item);
  }

  knowledgeOf(item: number): string | undefined {
    return this.knowledge.items?.get(this.items.idOf(item))?.text;
  }

  /** Tags of the knowledge, and attributes that are lists of words. */
  tags(item: number): readonly string[] {
    this.#tags[item] ??= this.#collectTags(item);
    return this.#tags[item];
  }

  #collectTags(item: number): readonly string[] {
    const lists = Object.values(this.dataset.catalog.attributes).map((column) => column[item]);
    return [
      ...(this.knowledge.items?.get(this.items.idOf(item))?.tags ?? []),
      ...lists.flatMap((value) => (Array.isArray(value) ? (value as readonly string[]) : [])),
    ];
  }

  /** Value of a column, text or attribute. */
  value(item: number, column: string): AttributeValue {
    const { text, attributes } = this.dataset.catalog;
    return text[column]?.[item] ?? attributes[column]?.[item];
  }

  /** Columns other than the title that say something of an item. */
  attributes(item: number): Record<string, AttributeValue> {
    const { catalog } = this.dataset;
    return Object.fromEntries(
      catalog.fields
        .filter((name) => name !== this.#titleColumn)
        .map((name) => [name, this.value(item, name)] as const)
        .filter(([, value]) => value !== undefined && value !== ''),
    );
  }

  /** Text columns that are filled, the title included. */
  text(item: number): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.dataset.catalog.text)
        .map(([name, column]) => [name, column[item] ?? ''] as const)
        .filter(([, value]) => value !== ''),
    );
  }

  /** The columns, and one of ids where no column names the items. */
  get namingCatalog(): Catalog {
    const { catalog } = this.dataset;
    return this.#titleColumn === undefined ? catalog.withText(NAME, this.titles, WORLD) : catalog;
  }

  /** Columns by which an item is named to a language model: the title, and attributes that are lists of words. */
  get namingFields(): readonly string[] {
    const { attributes } = this.dataset.catalog;
    const lists = Object.keys(attributes).filter((name) =>
      attributes[name]?.some((value) => Array.isArray(value)),
    );
    return [this.#titleColumn ?? NAME, ...lists];
  }

  /**
   * A catalogue with more items, and with new texts of known ones.
   *
   * @throws InvalidInputError for an empty or repeated id, or a column that the catalogue does not have
   */
  with(added: readonly NewItem[]): {
    readonly catalogue: LiveCatalogue;
    readonly added: number;
    readonly updated: number;
  } {
    const { catalog, log } = this.dataset;
    const fresh: string[] = [];
    const seen = new Set<string>();
    for (const { id, text, attributes = {} } of added) {
      if (typeof id !== 'string' || id === '' || seen.has(id))
        throw new InvalidInputError({
          expected: 'new items with ids of their own',
          received: JSON.stringify(id) ?? String(id),
          hint: 'Give every item an id that is not empty, and each once.',
        });
      seen.add(id);
      for (const [name, value] of Object.entries(text)) checkValue(catalog, id, name, value, true);
      for (const [name, value] of Object.entries(attributes)) checkValue(catalog, id, name, value, false);
      if (!this.items.has(id)) fresh.push(id);
    }
    const items = new IdMap([...this.items, ...fresh], this.items.what);
    const changed = new Map(added.map((item) => [items.indexOf(item.id), item]));
    const columns = <V>(from: Readonly<Record<string, readonly V[]>>, kind: 'text' | 'attributes', none: V) =>
      Object.fromEntries(
        Object.entries(from).map(([name, column]) => {
          const values = [...column, ...fresh.map(() => none)];
          for (const [item, given] of changed) {
            const value = (given[kind] as Readonly<Record<string, V>> | undefined)?.[name];
            if (value !== undefined) values[item] = value;
          }
          return [name, values];
        }),
      );
    const extended = createDataset({
      ...this.dataset,
      log: new InteractionLog({
        users: log.users,
        items,
        user: log.user,
        item: log.item,
        timestamp: log.timestamp,
        rating: log.rating,
        request: log.request,
        timeUnit: log.timeUnit,
      }),
      catalog: new Catalog({
        items,
        text: columns(catalog.text, 'text', ''),
        attributes: columns<AttributeValue>(catalog.attributes, 'attributes', undefined),
        provenance: catalog.provenance,
      }),
    });
    return {
      catalogue: new LiveCatalogue(extended, this.#options),
      added: fresh.length,
      updated: added.length - fresh.length,
    };
  }

  /** The same items over other interactions, of which the first items are these. */
  over(log: InteractionLog): LiveCatalogue {
    return new LiveCatalogue(createDataset({ ...this.dataset, log }), this.#options);
  }
}

/** @throws InvalidInputError naming the columns that there are */
export function checkColumn(catalog: Catalog, column: string): void {
  if (catalog.fields.includes(column)) return;
  throw unknownName('catalogue columns', column, catalog.fields);
}

function checkValue(catalog: Catalog, id: string, name: string, value: unknown, isText: boolean): void {
  const isKnown = Object.hasOwn(isText ? catalog.text : catalog.attributes, name);
  if (!isKnown) {
    const names = Object.keys(isText ? catalog.text : catalog.attributes);
    throw unknownName(
      `for the new item ${JSON.stringify(id)} ${isText ? 'text' : 'attribute'} columns`,
      name,
      names,
    );
  }
  const fits = isText
    ? typeof value === 'string'
    : value === undefined ||
      typeof value === 'string' ||
      (typeof value === 'number' && Number.isFinite(value)) ||
      (Array.isArray(value) && value.every((each) => typeof each === 'string'));
  if (!fits)
    throw new InvalidInputError({
      expected: `${isText ? 'a text' : 'a word, a finite number or a list of words'} as ${name} of the new item ${JSON.stringify(id)}`,
      received: JSON.stringify(value) ?? String(value),
      hint: `Give ${name} as ${isText ? 'text' : 'a word, a number or a list of words'}, or leave it out.`,
    });
}
