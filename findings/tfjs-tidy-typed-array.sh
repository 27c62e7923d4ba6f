#!/usr/bin/env bash
# tf.tidy around a function that returns numbers, not tensors.
# One would guess that tidy looks for tensors in what comes back, and that a typed array, which can hold none, costs nothing.
# Seen 2026-11-30: it walks the array with for-in, reads every element by its key as a text, and keeps each new value in a set
# of what it has seen: 1,000 numbers are 1,000 reads. Of a million numbers that takes longer than most of what is tidied.
# Reading them outside of tidy, or returning nothing from it, avoids that.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0
cat > run.mjs <<'JS'
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
await tf.setBackend('cpu');
const reads = (length) => {
  let count = 0;
  const numbers = new Proxy(new Float32Array(length), {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) count++;
      return Reflect.get(target, key);
    },
  });
  tf.tidy(() => numbers);
  return count;
};
const seen = [10, 1000, 20000].map((length) => [length, reads(length)]);
console.log('tfjs-core', tf.version_core);
for (const [length, count] of seen) console.log(`${length} numbers returned from tidy: ${count} read`);
if (seen.some(([length, count]) => count !== length)) process.exit(1);
JS
node run.mjs
