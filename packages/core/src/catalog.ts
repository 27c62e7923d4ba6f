import { InvalidInputError } from './errors.js';
import type { IdMap } from './id-map.js';

/** A value of an item attribute: one category or number, or several categories. */
export type AttributeValue = string | number | readonly string[] | undefined;

/** The columns of a {@link Catalog}, each with one entry an item. */
export interface CatalogColumns {
  readonly items: IdMap;
  /** Text fields by name (`title`, `description`); an item without the text has `''`. */
  readonly text: Readonly<Record<string, readonly string[]>>;
  /** Attributes by name (`genres`, `year`, `brand`); an item without the attribute has `undefined`. */
  readonly attributes?: Readonly<Record<string, readonly AttributeValue[]>> | undefined;
}

/**
 * Facts about the items: text fields and attributes, in columns aligned with an id map.
 *
 * @example
 * ```ts
 * const catalog = new Catalog({
 *   items: new IdMap(['1', '2']),
 *   text: { title: ['Alien (1979)', 'Heat (1995)'] },
 *   attributes: { genres: [['Horror', 'Sci-Fi'], ['Crime']] },
 * });
 * catalog.itemText(0, ['title', 'genres']); // 'Alien (1979). Horror, Sci-Fi'
 * ```
 */
export class Catalog {
  readonly items: IdMap;
  readonly text: Readonly<Record<string, readonly string[]>>;
  readonly attributes: Readonly<Record<string, readonly AttributeValue[]>>;

  /** @throws InvalidInputError if a column's length differs from the number of items or a name is duplicated */
  constructor(columns: CatalogColumns) {
    const { items, text, attributes = {} } = columns;
    for (const [name, column] of [...Object.entries(text), ...Object.entries(attributes)]) {
      if (column.length !== items.size)
        throw new InvalidInputError({
          expected: `${items.size} entries in the catalogue column ${JSON.stringify(name)}`,
          received: String(column.length),
          hint: 'Give every item an entry: an empty string for no text, undefined for no attribute.',
        });
      if (Object.hasOwn(text, name) && Object.hasOwn(attributes, name))
        throw new InvalidInputError({
          expected: 'every catalogue column once',
          received: `${JSON.stringify(name)} as text and as attribute`,
          hint: 'Rename one of them.',
        });
    }
    this.items = items;
    this.text = text;
    this.attributes = attributes;
  }

  /** Names of all text fields and attributes. */
  get fields(): readonly string[] {
    return [...Object.keys(this.text), ...Object.keys(this.attributes)];
  }

  /** A text field or attribute by name, one entry an item; `undefined` where there is none. */
  column(name: string): readonly AttributeValue[] | undefined {
    for (const columns of [this.text, this.attributes])
      if (Object.hasOwn(columns, name)) return columns[name];
    return undefined;
  }

  /**
   * The text of one item: the chosen fields in order, joined by `'. '`; empty ones are left out.
   *
   * @param item - dense item index
   * @param fields - names of text fields or attributes
   * @throws InvalidInputError if a field or the item does not exist
   */
  itemText(item: number, fields: readonly string[]): string {
    this.items.idOf(item);
    const parts: string[] = [];
    for (const field of fields) {
      const column = this.column(field);
      if (!column)
        throw new InvalidInputError({
          expected: `catalogue fields among ${this.fields.join(', ') || '(none)'}`,
          received: JSON.stringify(field),
          hint: 'Choose an existing field.',
        });
      const value = column[item];
      const words = Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value);
      if (words !== '') parts.push(words);
    }
    return parts.join('. ');
  }

  /**
   * This catalogue in the order of another id map: one entry for each of its ids, empty where unknown here.
   */
  align(items: IdMap): Catalog {
    if (items === this.items) return this;
    const source = Array.from(items, (id) => this.items.find(id));
    const reorder = <V>(column: readonly V[], missing: V): V[] =>
      source.map((index) => (index === undefined ? missing : (column[index] as V)));
    return new Catalog({
      items,
      text: Object.fromEntries(
        Object.entries(this.text).map(([name, column]) => [name, reorder(column, '')]),
      ),
      attributes: Object.fromEntries(
        Object.entries(this.attributes).map(([name, column]) => [
          name,
          reorder<AttributeValue>(column, undefined),
        ]),
      ),
    });
  }

  /** A catalogue with one more text field, or with one replaced. */
  withText(name: string, column: readonly string[]): Catalog {
    return new Catalog({
      items: this.items,
      text: { ...this.text, [name]: column },
      attributes: this.attributes,
    });
  }
}
