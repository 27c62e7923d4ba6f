#!/usr/bin/env bash
# lmdb (for Node) given a path to keep a database at.
# One would guess that the path is a folder or a file whatever it is called.
# Seen 2026-11-30: a path without a dot in its last part becomes a folder that holds data.mdb and lock.mdb; one with a dot
# becomes a file, with its lock beside it. So "store-1" and "store-1.2" are kept in different forms, and a program that removes or
# copies "its folder" misses the lock of the second. `noSubdir: false` makes both folders.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
printf '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund lmdb@3.5.6
cat > run.mjs <<'JS'
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { open } from 'lmdb';
const kinds = {};
for (const [path, options] of [['store-1', {}], ['store-1.2', {}], ['store-1.3', { noSubdir: false }]]) {
  const db = open({ path, ...options });
  await db.put('key', 'value');
  await db.close();
  kinds[path] = statSync(path).isDirectory() ? `a folder of ${readdirSync(path).sort().join(' and ')}` : `a file beside ${readdirSync('.').filter((name) => name.startsWith(`${path}-`)).join(' and ')}`;
}
console.log('lmdb', JSON.parse(readFileSync('node_modules/lmdb/package.json', 'utf8')).version);
for (const [path, kind] of Object.entries(kinds)) console.log(`${path}: ${kind}`);
const [plain, dotted, told] = Object.values(kinds).map((kind) => kind.startsWith('a folder'));
if (!plain || dotted || !told) process.exit(1);
JS
node run.mjs
