#!/usr/bin/env bash
# A table without a column "user", asked for it in DuckDB, as ratings.csv of MovieLens, which writes userId.
# One would guess that select "user", in quotes, is refused as select "item" is, with the columns that there are.
# Seen 2026-12-01: quoted or not it is the name of the database's user, so that all rows are of one user, "duckdb". With the name
# of the table in front it is refused.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @duckdb/node-api@1.5.5-r.5
printf 'userId,movieId\n1,31\n2,10\n3,10\n' > ratings.csv
cat > run.mjs <<'JS'
import { DuckDBInstance, version } from '@duckdb/node-api';
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const run = async (sql) => {
  const got = await connection.runAndReadAll(sql).then(
    (reader) => JSON.stringify(reader.getRowsJson()),
    (error) => error.message.split('\n')[0],
  );
  console.log(`${sql}: ${got}`);
  return got;
};
console.log(`DuckDB ${version()}`);
const item = await run(`select "item" from 'ratings.csv'`);
const quoted = await run(`select "user", count(*) from 'ratings.csv' group by "user"`);
const named = await run(`select r."user" from 'ratings.csv' as r`);
if (!/not found/.test(item) || quoted !== '[["duckdb","3"]]' || !/does not have a column/.test(named)) process.exit(1);
JS
node run.mjs
