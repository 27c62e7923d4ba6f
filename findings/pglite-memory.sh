#!/usr/bin/env bash
# PGlite, PostgreSQL within a process: what a new, empty database takes of memory.
# One would guess that an embedded database sets its buffers for a process that has other work, and that an empty one is small.
# Seen 2026-11-30: shared_buffers is 128 MB, PostgreSQL's setting for a server, all of it in WebAssembly memory, which is never
# given back; the process that makes the database holds hundreds of megabytes before a single row is in it.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund @electric-sql/pglite@0.5.14
cat > run.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
const megabytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20);
const before = megabytes();
const db = await PGlite.create('./data');
const made = megabytes();
const { rows: [{ shared_buffers: buffers }] } = await db.query('SHOW shared_buffers');
await db.query('CREATE TABLE t (x int)');
console.log('pglite', JSON.parse(readFileSync('node_modules/@electric-sql/pglite/package.json', 'utf8')).version);
console.log('shared_buffers', buffers);
console.log(`resident memory: ${before} MB before, ${made} MB once an empty database is made`);
await db.close();
if (buffers !== '128MB' || made - before < 150) process.exit(1);
JS
node run.mjs
