// Follows one beam search of TIGER down the tree of IDs of nine films; docs/one-beam-through-tiger.md explains the output.
// Run: npx tsx --conditions=palate-source packages/semantic-id/examples/one-beam.ts
import { Catalog, createDataset, EmbeddingTable, InteractionLog, WORLD } from '@palate/core';
import { printIdTree, RqKMeans, SemanticIds, Tiger } from '../src/index.js';
import { EfficientModel } from '../src/tiger/efficient-model.js';
import type { IdSteps } from '../src/tiger/id-model.js';

/** Vectors of a made-up text encoder: three groups of films, each of up to three kinds. Two films are alike. */
const FILMS: Readonly<Record<string, readonly [number, number]>> = {
  Alien: [1, 0],
  Aliens: [1, 0],
  Gravity: [-0.5, 0.9],
  Solaris: [-0.5, -0.9],
  Amelie: [11, 0],
  Notting: [9.5, 0.9],
  Sunrise: [9.5, -0.9],
  Heat: [1, 10],
  Ronin: [-0.5, 10.9],
};
const history = ['Ronin', 'Gravity'];
/** Nobody has watched Solaris. */
const WATCHED = [
  ['Gravity', 'Alien', 'Aliens'],
  ['Heat', 'Gravity', 'Alien'],
  ['Ronin', 'Heat', 'Gravity', 'Aliens'],
  ['Gravity', 'Alien', 'Heat'],
  ['Amelie', 'Notting', 'Sunrise'],
  ['Notting', 'Sunrise', 'Amelie'],
];

const rows = WATCHED.flatMap((films, user) =>
  films.map((item, step) => ({ user: `user ${user + 1}`, item, timestamp: 10 * user + step })),
);
// The row on Solaris gives it a number, and is then left out.
const log = InteractionLog.fromRows([...rows, { user: 'user 1', item: 'Solaris', timestamp: 99 }]).select(
  Int32Array.from(rows, (_, row) => row),
);
const titles = [...log.items];
const dataset = createDataset({
  name: 'nine films',
  log,
  catalog: new Catalog({ items: log.items, text: { title: titles } }),
  licence: 'MIT',
  source: 'made up',
});
const vectors = Float32Array.from(titles.flatMap((title) => [...(FILMS[title] as readonly number[])]));
const table = new EmbeddingTable(log.items, 2, vectors, WORLD);
const codebook = await RqKMeans.fit(table, { levels: 2, size: 3 });
const ids = await SemanticIds.assign(codebook, table, { encoder: 'made up' });
const { trie } = ids;

/** Codes on the way to a node. */
const prefixOf = (node: number): number[] =>
  node === 0 ? [] : [...prefixOf(trie.parent[node] as number), trie.code[node] as number];
const printed = (node: number): string => `[${prefixOf(node).join(' ')}]`;
const filmsBelow = (node: number): string =>
  titles
    .filter((_, item) => trie.path.subarray(item * ids.depth, (item + 1) * ids.depth).includes(node))
    .map((title) => (history.includes(title) ? `${title} (in the history)` : title))
    .map((title) => (title === 'Solaris' ? `${title} (unseen)` : title))
    .join(', ');

/** Prints what the search asks of the model, and what it is told. */
function listening(steps: IdSteps): IdSteps {
  let level = 0;
  const scoreOf = new Map([[0, 0]]);
  return {
    next(parents, nodes) {
      const logChances = steps.next(parents, nodes);
      const kept = nodes ?? Int32Array.of(0);
      level++;
      console.log(`level ${level}: from ${kept.length} kept ${kept.length === 1 ? 'prefix' : 'prefixes'}`);
      let read = 0;
      for (const node of kept) {
        const before = scoreOf.get(node) as number;
        console.log(`  ${printed(node)} score ${before.toFixed(2)}`);
        const from = trie.childFrom[node] as number;
        for (let child = from; child < from + (trie.childCount[node] as number); child++) {
          const logChance = logChances[read++] as number;
          const score = before + logChance;
          scoreOf.set(child, score);
          console.log(
            `    ${printed(child)} chance ${Math.exp(logChance).toFixed(3)}, score ${score.toFixed(2)}: ${filmsBelow(child)}`,
          );
        }
      }
      return logChances;
    },
    dispose: () => steps.dispose(),
  };
}

const { start } = EfficientModel.prototype;
EfficientModel.prototype.start = function (histories) {
  return listening(start.call(this, histories));
};

console.log(printIdTree(ids, { title: (item) => titles[item] as string }));
using tiger = await Tiger.fit(dataset, {
  ids,
  dimension: 8,
  heads: 1,
  blocks: 1,
  dropout: 0,
  maxLength: 4,
  epochs: 8,
  learningRate: 0.01,
  beams: 3,
  epsilon: 0.5,
});
console.log(`history: ${history.join(', ')}`);
const [list = []] = await tiger.retrieve([{ history: history.map((title) => log.items.indexOf(title)) }], 2);
for (const { item, score } of list)
  console.log(`found ${titles[item]} [${ids.tuple(item).join(' ')}], score ${score.toFixed(2)}`);
