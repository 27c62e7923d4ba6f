import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  IdMap,
  InteractionLog,
  InvalidInputError,
  joinProvenance,
  noteParts,
} from '@palate/core';

/** A catalogue with its histories, and the vectors of its texts. */
export interface Domain {
  readonly dataset: Dataset;
  /** Vectors of the texts of all its items, by one encoder for all domains. */
  readonly vectors: EmbeddingTable;
}

/**
 * Several catalogues as one, to pre-train a model of texts on: users and items keep their ids behind the name of their data
 * set, so that none is taken for another's.
 *
 * @throws InvalidInputError if there are none, two have one name, or their vectors differ in width
 */
export function joinDomains(domains: readonly Domain[]): Domain {
  const [first] = domains;
  const names = domains.map(({ dataset }) => dataset.name);
  if (!first || new Set(names).size < names.length)
    throw new InvalidInputError({
      expected: 'data sets with different names',
      received: names.join(', ') || 'none',
      hint: 'Give each data set a name of its own: { ...dataset, name }.',
    });
  const { width } = first.vectors;
  const wrong = domains.find(({ vectors }) => vectors.width !== width);
  if (wrong)
    throw new InvalidInputError({
      expected: `vectors of width ${width} in every domain`,
      received: `width ${wrong.vectors.width} of ${wrong.dataset.name}`,
      hint: 'Encode all texts with the same encoder.',
    });
  const idsOf = (which: 'users' | 'items'): IdMap =>
    new IdMap(
      domains.flatMap(({ dataset }) => Array.from(dataset.log[which], (id) => `${dataset.name}/${id}`)),
      which === 'users' ? 'user' : 'item',
    );
  const [users, items] = [idsOf('users'), idsOf('items')];
  const length = domains.reduce((sum, { dataset }) => sum + dataset.log.length, 0);
  const [user, item] = [new Int32Array(length), new Int32Array(length)];
  const timestamp = new Float64Array(length);
  const data = new Float32Array(items.size * width);
  // Positions say nothing across users; times beside them would.
  const isTimed = domains.every(({ dataset }) => dataset.log.timeUnit === 'seconds');
  let [row, userFrom, itemFrom] = [0, 0, 0];
  for (const { dataset, vectors } of domains) {
    const { log } = dataset;
    for (let k = 0; k < log.length; k++, row++) {
      user[row] = userFrom + log.user[k]!;
      item[row] = itemFrom + log.item[k]!;
      timestamp[row] = log.timestamp[k]!;
    }
    if (!isTimed) {
      const { offsets, row: order } = log.byUser();
      for (let u = 0; u < log.users.size; u++)
        for (let at = offsets[u]!; at < offsets[u + 1]!; at++)
          timestamp[row - log.length + order[at]!] = at - offsets[u]!;
    }
    data.set(vectors.align(log.items).data, itemFrom * width);
    userFrom += log.users.size;
    itemFrom += log.items.size;
  }
  const timeUnit = isTimed ? 'seconds' : 'position';
  const log = new InteractionLog({ users, items, user, item, timestamp, timeUnit });
  noteParts(
    log,
    domains.map(({ dataset }) => dataset.log),
  );
  return {
    dataset: createDataset({
      name: names.join('+'),
      log,
      catalog: new Catalog({ items, text: {} }),
      licence: [...new Set(domains.map(({ dataset }) => dataset.licence))].join(', '),
      source: domains.map(({ dataset }) => dataset.source).join(', '),
    }),
    vectors: new EmbeddingTable(
      items,
      width,
      data,
      joinProvenance(domains.map(({ vectors }) => vectors.provenance)),
    ),
  };
}
