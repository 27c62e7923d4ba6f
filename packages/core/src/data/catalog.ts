import { InvalidInputError } from '../basics/errors.js';
import { unknownName } from '../basics/nearest-name.js';
import type { IdMap } from './id-map.js';
import { joinProvenance, type Provenance, UNKNOWN, WORLD } from './provenance.js';

/** A value of an item attribute: one category or number, or several categories. */
export type AttributeValue = string | number | readonly string[] | undefined;

/** The columns of a {@link Catalog}, each with one entry an item. */
export interface CatalogColumns {
  readonly items: IdMap;
  /** Text fields by name (`title`, `description`); an item without the text has `''`. */
  readonly text: Readonly<Record<string, readonly string[]>>;
  /** Attributes by name (`genres`, `year`, `brand`); an item without the attribute has `undefined`. */
  readonly attributes?: Readonly<Record<string, readonly AttributeValue[]>> | undefined;
  /** Knowledge of interactions in the columns, by name; those that are not named know nothing, as a shop's own data. */
  readonly provenance?: Readonly<Record<string, Provenance>> | undefined;
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
  /** Knowledge of interactions in the columns, by name, where they know any; see {@link provenanceOf}. */
  readonly provenance: Readonly<Record<string, Provenance>>;

  /**
   * @throws InvalidInputError if a column's length differs from the number of items, a name is duplicated, or a
   *   provenance is that of no column
   */
  constructor(columns: CatalogColumns) {
    const { items, text, attributes = {}, provenance = {} } = columns;
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
          hint: 'Rename the text field or the attribute: both share one name space.',
        });
    }
    this.items = items;
    this.text = text;
    this.attributes = attributes;
    this.provenance = provenance;
    for (const name of Object.keys(provenance)) this.#existing(name);
  }

  #existing(name: string): readonly AttributeValue[] {
    const column = this.column(name);
    if (column) return column;
    throw unknownName('catalogue fields', name, this.fields);
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
      const value = this.#existing(field)[item];
      const words = Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value);
      if (words !== '') parts.push(words);
    }
    return parts.join('. ');
  }

  /**
   * Joint knowledge of interactions in some fields: whoever reads their texts or values knows it then.
   *
   * @param fields - names of text fields or attributes; all if left out
   * @throws InvalidInputError if a field does not exist
   */
  provenanceOf(fields: readonly string[] = this.fields): Provenance {
    return joinProvenance(
      fields.map((field) => {
        this.#existing(field);
        return Object.hasOwn(this.provenance, field) ? (this.provenance[field] as Provenance) : WORLD;
      }),
    );
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
      provenance: this.provenance,
    });
  }

  /**
   * A catalogue with one more text field, or with one replaced.
   *
   * @param provenance - what the texts know of interactions: `WORLD` for a shop's own or what a language model wrote
   *   from those, `provenanceOfAll` for stored knowledge; evaluation refuses what reads texts that do not say it
   */
  withText(name: string, column: readonly string[], provenance: Provenance = UNKNOWN): Catalog {
    return new Catalog({
      items: this.items,
      text: { ...this.text, [name]: column },
      attributes: this.attributes,
      provenance: { ...this.provenance, [name]: provenance },
    });
  }
}
