import { type Catalog, type IdMap, type Provenance, unknownName } from '@palate/core';

/** Edges from items to values of an attribute: each brand, category or series is an entity of its own. */
export interface AttributeEdges {
  /** Name of the relation: the attribute. */
  readonly name: string;
  readonly edges: {
    readonly items: IdMap;
    /** Different values, in order of first appearance. */
    readonly values: readonly string[];
    /** Item of each edge. */
    readonly item: Int32Array;
    /** Value of each edge, a position in `values`. */
    readonly value: Int32Array;
    readonly provenance: Provenance;
  };
}

/**
 * Makes edges from items to the values of a catalogue's attribute or text field. Values that fewer than `least` items
 * have are left out: they join nothing.
 *
 * @param name - an attribute or a text field of the catalogue
 * @param options.least - least items of a value. Default 2
 * @param options.ignored - values that say nothing, for example the main category that all items have
 * @throws InvalidInputError if the catalogue has no such field
 */
export function attributeEdges(
  catalog: Catalog,
  name: string,
  options: { readonly least?: number | undefined; readonly ignored?: readonly string[] | undefined } = {},
): AttributeEdges {
  const column = catalog.column(name);
  if (!column) throw unknownName('a field of the catalogue', name, catalog.fields);
  const { least = 2, ignored = [] } = options;
  const left = new Set(['', ...ignored]);
  const lists = column.map((value) =>
    value === undefined
      ? []
      : [...new Set((Array.isArray(value) ? value : [String(value)]) as string[])].filter(
          (each) => !left.has(each),
        ),
  );
  const counts = new Map<string, number>();
  for (const list of lists) for (const value of list) counts.set(value, (counts.get(value) ?? 0) + 1);
  const values = [...counts].filter(([, count]) => count >= least).map(([value]) => value);
  const index = new Map(values.map((value, k) => [value, k]));
  const pairs = lists.flatMap((list, item) =>
    list.flatMap((value) => {
      const at = index.get(value);
      return at === undefined ? [] : [[item, at] as const];
    }),
  );
  return {
    name,
    edges: {
      items: catalog.items,
      values,
      item: Int32Array.from(pairs, ([item]) => item),
      value: Int32Array.from(pairs, ([, value]) => value),
      provenance: catalog.provenanceOf([name]),
    },
  };
}
