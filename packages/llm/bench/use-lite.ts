// Encodes 1,000 texts of 50 words with use-lite, as a whole and one by one.
// Run: npx tsx --conditions=palate-source packages/llm/bench/use-lite.ts
import { availableParallelism } from 'node:os';
import { RandomStream } from '@palate/core';
import { useLiteEncoder } from '../src/index.js';

const WORDS =
  'the a of and in on with for from by man woman child city night war love crime family friend secret past ship island detective soldier journey village summer winter killer lost brother sister dark comic quiet violent tender epic small wild strange'.split(
    ' ',
  );
const random = new RandomStream(1);
const texts = Array.from({ length: 1000 }, () =>
  Array.from({ length: 50 }, () => WORDS[random.integer(WORDS.length)]).join(' '),
);
const started = performance.now();
const encoder = await useLiteEncoder();
const loaded = performance.now();
await encoder.encode(texts);
const encoded = performance.now();
for (const text of texts.slice(0, 20)) await encoder.encode([`${text}.`]);
const warm = performance.now();
for (const text of texts.slice(20, 120)) await encoder.encode([`${text}.`]);
const alone = performance.now();
console.log(
  `${availableParallelism()} cores: load ${((loaded - started) / 1000).toFixed(2)} s, 1,000 texts of 50 words ${((encoded - loaded) / 1000).toFixed(2)} s, one text ${((alone - warm) / 100).toFixed(1)} ms`,
);
