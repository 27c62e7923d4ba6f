#!/usr/bin/env bash
# One CSV file, named by its whole path, in a folder whose name has the form column=value, as partitioned data sets have them:
# `id=7/ratings.csv` with a column `id` of its own.
# One would guess that a single file is read as it is written, or that the two values of `id` are reported as a conflict.
# Seen 2026-12-01: DuckDB takes `id` from the name of the folder and drops what the file says, for every row and without a word.
# `hive_partitioning = false` reads the file.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.5-r.5
mkdir id=7
printf 'id,item\n1,20\n2,30\n' > id=7/ratings.csv
cat > run.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api';
const connection = await (await DuckDBInstance.create()).connect();
const rows = async (options) =>
  JSON.stringify((await connection.runAndReadAll(`SELECT id, item FROM read_csv('id=7/ratings.csv'${options})`)).getRowsJson());
const read = await rows('');
const plain = await rows(', hive_partitioning = false');
console.log(`@duckdb/node-api 1.5.5-r.5: id=7/ratings.csv with ids 1 and 2 -> ${read}; without hive_partitioning -> ${plain}`);
if (read !== '[["7","20"],["7","30"]]' || plain !== '[["1","20"],["2","30"]]') process.exit(1);
JS
node run.mjs
