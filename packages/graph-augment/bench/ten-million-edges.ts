// Builds the user-item graph of a made-up log with ten million interactions, and prints seconds and peak memory:
// node --conditions=palate-source --import tsx packages/graph-augment/bench/ten-million-edges.ts
import { IdMap, InteractionLog, RandomStream } from '@palate/core';
import { bipartiteGraph } from '../src/index.js';

const EDGES = 10_000_000;
const USERS = 1_000_000;
const ITEMS = 200_000;

const random = new RandomStream(0);
const ids = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, k) => prefix + k);
const log = new InteractionLog({
  users: new IdMap(ids('u', USERS), 'user'),
  items: new IdMap(ids('i', ITEMS)),
  user: Int32Array.from({ length: EDGES }, () => random.integer(USERS)),
  // Popular items more often: the square of a uniform number.
  item: Int32Array.from({ length: EDGES }, () => Math.floor(random.uniform() ** 2 * ITEMS)),
  timestamp: new Float64Array(EDGES),
});
const started = performance.now();
const graph = bipartiteGraph(log);
const seconds = (performance.now() - started) / 1000;
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  `${graph.targets.length / 2} edges of ${EDGES} interactions: ${seconds.toFixed(2)} s, ${peak.toFixed(0)} MB at most`,
);
