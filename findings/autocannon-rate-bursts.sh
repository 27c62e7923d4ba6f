#!/usr/bin/env bash
# One would guess that a load of 200 requests a second by autocannon's overallRate is spread over the second, so that the
# latencies are those of such a load. Instead each second's requests are sent one after the other at its beginning, as
# fast as the connections allow, and the rest of the second is silent: latencies are those of bursts of 200, and a
# server that would answer 200 evenly spaced requests in 8 ms (p99) is reported at 25. Seen with autocannon 9.0.0 and
# Node 20.20, November 2026.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent autocannon@9.0.0
cat >look.mjs <<'JS'
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import autocannon from 'autocannon';

const arrivals = [];
const server = createServer((_, response) => {
  arrivals.push(performance.now());
  response.end('ok');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
await autocannon({ url, connections: 16, duration: 5, overallRate: 200 });
server.close();
const gaps = arrivals.slice(1).map((time, k) => time - arrivals[k]);
const silent = gaps.filter((gap) => gap > 500).length;
const close = gaps.filter((gap) => gap < 4).length / gaps.length;
const { version } = JSON.parse(readFileSync('node_modules/autocannon/package.json', 'utf8'));
console.log(`autocannon ${version}: ${arrivals.length} requests at 200 a second for 5 s, evenly spaced they were 5 ms apart`);
console.log(`${(100 * close).toFixed(0)} % came within 4 ms of the one before; ${silent} gaps were longer than half a second`);
process.exit(close > 0.9 && silent >= 3 ? 0 : 1);
JS
node look.mjs
