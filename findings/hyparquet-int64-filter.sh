#!/usr/bin/env bash
# Filtering an INT64 column of a Parquet file with hyparquet.
# One would guess that { user: { $eq: 2 } } finds the rows of user 2, or that a number is refused.
# Seen 2026-11-30: a number finds no row and says nothing; the bigint 2n finds them.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund hyparquet@1.33.0 hyparquet-writer@0.17.0
cat > run.mjs <<'JS'
import { parquetQuery } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { readFileSync } from 'node:fs';
const file = parquetWriteBuffer({ columnData: [
  { name: 'user', data: [1n, 2n, 2n, 3n], type: 'INT64' },
  { name: 'item', data: ['a', 'b', 'c', 'd'], type: 'STRING' },
] });
const rows = async (filter) => (await parquetQuery({ file, filter })).length;
const version = JSON.parse(readFileSync('node_modules/hyparquet/package.json', 'utf8')).version;
const [byNumber, byBigint] = [await rows({ user: { $eq: 2 } }), await rows({ user: { $eq: 2n } })];
console.log(`hyparquet ${version}: user $eq 2 finds ${byNumber} rows, user $eq 2n finds ${byBigint}`);
if (byNumber !== 0 || byBigint !== 2) process.exit(1);
JS
node run.mjs
