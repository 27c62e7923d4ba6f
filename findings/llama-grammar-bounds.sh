#!/usr/bin/env bash
# createGrammarForJsonSchema of node-llama-cpp with a schema that bounds a number, gives a text a pattern and an array unique items.
# One would guess that the grammar holds the model to them, or that what it cannot express is an error: the call exists to
# make answers that fit the schema.
# Seen 2026-11-30: minimum, maximum, pattern and uniqueItems change nothing, and no message says so; an answer that the grammar
# lets through may break the schema. minLength, minItems and enum are kept.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
# Without the builds for other platforms and for graphics cards, of which npm takes hundreds of megabytes.
npm install --silent --no-audit --no-fund --omit=optional --ignore-scripts node-llama-cpp@3.22.1
npm install --silent --no-audit --no-fund --ignore-scripts --no-save "@node-llama-cpp/$(node -p 'process.platform + "-" + process.arch')@3.22.1"
cat > run.mjs <<'JS'
import { getLlama } from 'node-llama-cpp';
const llama = await getLlama({ gpu: false, build: 'never', progressLogs: false, logLevel: 'error' });
const grammar = async (score, word, tags) =>
  (await llama.createGrammarForJsonSchema({
    type: 'object',
    properties: {
      score: { type: 'integer', ...score },
      word: { type: 'string', ...word },
      tags: { type: 'array', items: { type: 'string' }, ...tags },
    },
  })).grammar;
const plain = await grammar({}, {}, {});
const seen = {
  'minimum 1, maximum 5': plain === (await grammar({ minimum: 1, maximum: 5 }, {}, {})),
  'pattern ^[a-z]+$': plain === (await grammar({}, { pattern: '^[a-z]+$' }, {})),
  uniqueItems: plain === (await grammar({}, {}, { uniqueItems: true })),
  'minLength 2': plain === (await grammar({}, { minLength: 2 }, {})),
  'minItems 2': plain === (await grammar({}, {}, { minItems: 2 })),
};
for (const [keyword, same] of Object.entries(seen))
  console.log(`node-llama-cpp 3.22.1: ${keyword}: ${same ? 'the grammar is as without it' : 'another grammar'}`);
process.exit(Object.values(seen).join() === 'true,true,true,false,false' ? 0 : 1);
JS
node run.mjs
