#!/usr/bin/env bash
# Labels of hnswlib-node that are numbers of a user's own, such as times in milliseconds or ids of 2^32 and more.
# One would guess that every whole number up to Number.MAX_SAFE_INTEGER is kept, or that a larger one than fits is refused.
# Seen 2026-11-30: labels are cut to their low 32 bits without a word. 2^32 + 5 is found as 5, and adding it replaces the vector
# of label 5.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund hnswlib-node@3.0.0
cat > run.mjs <<'JS'
import hnswlib from 'hnswlib-node';
const index = new hnswlib.HierarchicalNSW('l2', 2);
index.initIndex(4);
index.addPoint([1, 1], 5);
index.addPoint([9, 9], 2 ** 32 + 5);
const seen = `${index.getCurrentCount()} vector, labels ${index.getIdsList()}, the vector of 5 is ${index.getPoint(5)}`;
console.log(`hnswlib-node 3.0.0: [1,1] added as 5 and [9,9] as ${2 ** 32 + 5} -> ${seen}`);
if (seen !== '1 vector, labels 5, the vector of 5 is 9,9') process.exit(1);
JS
node run.mjs
