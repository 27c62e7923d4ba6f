/**
 * Loads a server as the targets have it: the bundled data, SASRec finds fifty candidates, ten are given with reasons from
 * knowledge. Prints what was measured beside each target, and ends with 1 if one is missed.
 *
 * pnpm run script apps/reference/bench/load.ts [--seconds 60] [--rate 200] [--artifacts FOLDER] [--ranker palr-local]
 *
 * Measure on an idle machine: the load is made on the same cores.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import autocannon from 'autocannon';
import { compiledProgram } from '../../../scripts/compiled-program.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '200' },
    artifacts: { type: 'string' },
    effort: { type: 'string', default: 'full' },
    ranker: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const artifacts = values.artifacts ?? (await mkdtemp(join(tmpdir(), 'palate-load-')));

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url));
/** The command line as a build has it: a loader of sources would take memory and time of its own. */
const PALATE = await compiledProgram(source('main.ts'), [source('server/host/engine-worker.ts')]);

async function start(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    [
      ...[PALATE, 'serve', '--port', '0', '--log-level', 'error'],
      ...['--artifacts', join(artifacts, 'engine'), '--feedback', join(artifacts, 'feedback')],
      ...['--systems', 'sasrec', '--effort', values.effort],
      ...(values.ranker === undefined ? [] : ['--ranker', values.ranker]),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (/^ready$/m.test(output)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  return { child, url: /listening on (\S+)/.exec(output)?.[1] ?? '' };
}

/** A metric of the server, without labels. */
async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
}

interface Load {
  readonly seconds: number;
  readonly connections: number;
  readonly rate?: number;
}

const { log } = await loadBundledMovieTweetings();
const users = [...log.users];
let next = 0;

function load(
  url: string,
  { seconds: duration, connections, rate: overallRate }: Load,
): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    autocannon(
      {
        url,
        connections,
        duration,
        timeout: 10,
        ...(overallRate === undefined ? {} : { overallRate }),
        requests: [
          {
            method: 'POST',
            path: '/api/v1/recommend',
            headers: { 'content-type': 'application/json' },
            setupRequest: (request) => ({
              ...request,
              body: JSON.stringify({ user: users[next++ % users.length], k: 10, explain: true }),
            }),
          },
        ],
      },
      (error, result) => (error ? reject(error as Error) : resolve(result)),
    );
  });
}

const { child, url } = await start();
try {
  await load(url, { seconds: Math.min(5, seconds), connections: 8, rate: rate / 2 });
  await metric(url, 'nodejs_eventloop_lag_p99_seconds');
  const before = await metric(url, 'process_resident_memory_bytes');
  const computed = await metric(url, 'process_cpu_seconds_total');
  const steady = await load(url, { seconds, connections: 16, rate });
  const spent = (await metric(url, 'process_cpu_seconds_total')) - computed;
  const lag = 1000 * (await metric(url, 'nodejs_eventloop_lag_p99_seconds'));
  const after = await metric(url, 'process_resident_memory_bytes');
  const flood = await load(url, { seconds: Math.min(10, seconds), connections: 600 });
  const statuses = Object.entries(flood.statusCodeStats ?? {});
  const others = statuses.filter(([status]) => status !== '200' && status !== '429');
  const rows: [string, string, string, boolean][] = [
    [
      'requests a second',
      `${rate}`,
      steady.requests.average.toFixed(0),
      steady.requests.average > 0.97 * rate,
    ],
    [
      'errors and other statuses',
      '0',
      `${steady.errors + steady.non2xx}`,
      steady.errors + steady.non2xx === 0,
    ],
    ['latency p50', '', `${steady.latency.p50} ms`, true],
    ['latency p99', '< 20 ms', `${steady.latency.p99} ms`, steady.latency.p99 < 20],
    [
      'processor time a request',
      '',
      `${((1000 * spent) / Math.max(1, steady['2xx'] + steady.non2xx)).toFixed(2)} ms`,
      true,
    ],
    ['event-loop delay p99', '< 10 ms', `${lag.toFixed(1)} ms`, lag < 10],
    [
      'resident memory',
      'flat',
      `${(before / 1e6).toFixed(0)} to ${(after / 1e6).toFixed(0)} MB`,
      after < 1.1 * before,
    ],
    [
      'flood of 600 connections',
      '200 and 429 alone',
      statuses.map(([status, { count }]) => `${count} x ${status}`).join(', '),
      others.length === 0 && flood.timeouts === 0 && flood.errors === 0,
    ],
  ];
  for (const [name, target, measured, isMet] of rows)
    process.stdout.write(
      `${isMet ? 'met   ' : 'MISSED'} ${name.padEnd(28)} ${target.padEnd(20)} ${measured}\n`,
    );
  process.exitCode = rows.every(([, , , isMet]) => isMet) ? 0 : 1;
} finally {
  child.kill('SIGTERM');
}
