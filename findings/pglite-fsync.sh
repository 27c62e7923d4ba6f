#!/usr/bin/env bash
# One would guess that a transaction in a folder of PGlite is on the disk when its promise resolves, as PostgreSQL means
# it, or at least is once fsync is switched on. Instead fsync is off, and where it is on, the default wal_sync_method
# (fdatasync) and the file system of the folder reach no fsync of Node: only a file system with an fsync of its own and
# wal_sync_method=fsync do. Seen with @electric-sql/pglite 0.5.14 and Node 20.20, November 2026.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent @electric-sql/pglite@0.5.14
cat >look.mjs <<'JS'
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
let syncs = 0;
for (const name of ['fsyncSync', 'fdatasyncSync']) {
  const own = fs[name];
  fs[name] = (file) => {
    syncs++;
    return own(file);
  };
}
syncBuiltinESMExports();
const { PGlite } = await import('@electric-sql/pglite');
const { NodeFS } = await import('@electric-sql/pglite/nodefs');
class Files extends NodeFS {
  async init(pg, options) {
    const { emscriptenOpts } = await super.init(pg, options);
    const add = (module) => {
      module.FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => fs.fsyncSync(nfd);
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [add, ...(emscriptenOpts.preRun ?? [])] } };
  }
}
const on = PGlite.defaultStartParams.filter((parameter) => parameter !== '-F');
const ways = [
  ['as it comes', (dir) => ({ dataDir: dir })],
  ['fsync on', (dir) => ({ dataDir: dir, startParams: on })],
  ['fsync on, files with fsync', (dir) => ({ fs: new Files(dir), startParams: on })],
  ['and wal_sync_method=fsync', (dir) => ({ fs: new Files(dir), startParams: [...on, '-c', 'wal_sync_method=fsync'] })],
];
const seen = [];
console.log(`Node ${process.version}`);
await (await PGlite.create('./data')).close();
for (const [name, options] of ways) {
  const database = await PGlite.create(options('./data'));
  const [{ fsync }] = (await database.query('show fsync')).rows;
  await database.exec('create table if not exists t (n int)');
  const before = syncs;
  for (let n = 0; n < 10; n++) await database.query('insert into t values ($1)', [n]);
  seen.push(syncs - before);
  console.log(`${name}: fsync ${fsync}, ${syncs - before} calls of fsync for 10 transactions`);
  await database.close();
}
if (seen.slice(0, 3).some((count) => count > 0) || seen[3] < 10) throw new Error('this has changed');
JS
node look.mjs
