#!/usr/bin/env bash
# An inner-product index of hnswlib-node over item vectors whose length falls with popularity rank, searched with a filter.
# One would guess that a filter which admits a single label finds that label: there is nothing else to find.
# Seen 2026-11-30: with ef as large as the index, 265 of 300 labels are not found even by their own vector, since short
# vectors are linked from no other; with cosine all are found.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund hnswlib-node@3.0.0
cat > run.mjs <<'JS'
import hnswlib from 'hnswlib-node';
let state = 7;
const random = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
const rows = Array.from({ length: 300 }, (_, rank) => Array.from({ length: 16 }, () => (random() - 0.2) / (rank + 1)));
const lost = {};
for (const space of ['ip', 'cosine']) {
  const index = new hnswlib.HierarchicalNSW(space, 16);
  index.initIndex(300, 16, 200, 1);
  rows.forEach((row, label) => index.addPoint(row, label));
  index.setEf(300);
  lost[space] = rows.filter((row, label) => index.searchKnn(row, 1, (each) => each === label).neighbors[0] !== label).length;
  console.log(`hnswlib-node 3.0.0, ${space}: ${lost[space]} of 300 labels are not found under a filter that admits only them`);
}
if (lost.ip === 0 || lost.cosine > 0) process.exit(1);
JS
node run.mjs
