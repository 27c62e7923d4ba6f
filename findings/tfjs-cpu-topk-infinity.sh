#!/usr/bin/env bash
# tf.topk of TensorFlow.js's CPU backend on a row that holds +Infinity: an item pinned to the top.
# One would guess that +Infinity comes first, then the numbers by size, then -Infinity.
# Seen 2026-11-30: of -Infinity 3 Infinity the best two are Infinity and -Infinity, of 2 3 Infinity they are Infinity and
# 2: the 3 is lost. Rows that hold -Infinity alone come out right.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat > run.mjs <<'JS'
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
await tf.setBackend('cpu');
const best = (row, k) => [...tf.topk(tf.tensor1d(row), k).values.dataSync()];
const seen = {};
for (const row of [[-Infinity, 3, Infinity], [3, -Infinity, Infinity], [Infinity, 3, -Infinity], [-Infinity, 3, 4], [2, 3, Infinity]]) {
  seen[row.join(' ')] = best(row, 2).join(' ');
  console.log(`tfjs-backend-cpu 4.22.0: best two of ${row.join(' ')} -> ${seen[row.join(' ')]}`);
}
if (seen['-Infinity 3 Infinity'] === 'Infinity 3' || seen['-Infinity 3 4'] !== '4 3') process.exit(1);
JS
node run.mjs 2>/dev/null
