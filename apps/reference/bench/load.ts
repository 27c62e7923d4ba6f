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
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RandomStream } from '@palate/core';
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

/** Metrics of the server, without labels. Each reading begins the event loop's delays anew. */
async function readMetrics(url: string): Promise<(name: string) => number> {
  const text = await (await fetch(`${url}metrics`)).text();
  return (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
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
              body: body(),
            }),
          },
        ],
      },
      (error, result) => (error ? reject(error as Error) : resolve(result)),
    );
  });
}

/** A request for the next user. */
const body = (): string => JSON.stringify({ user: users[next++ % users.length], k: 10, explain: true });

/** Milliseconds of each answered request, in ascending order, and how many were not answered by 200. */
interface Arrivals {
  readonly milliseconds: readonly number[];
  readonly failed: number;
}

/**
 * Requests that arrive one by one at random times, as those of people do, whether earlier ones were answered or not; each is
 * timed from the moment that it was due. (autocannon sends the requests of a second in one burst at its beginning.)
 */
async function arrive(
  url: string,
  { seconds, rate: perSecond }: { seconds: number; rate: number },
): Promise<Arrivals> {
  const agent = new Agent({ keepAlive: true });
  const random = new RandomStream(1);
  const milliseconds: number[] = [];
  const open: Promise<void>[] = [];
  let failed = 0;
  const send = (due: number): Promise<void> =>
    new Promise((resolve) => {
      const ended = (isAnswered: boolean): void => {
        if (isAnswered) milliseconds.push(performance.now() - due);
        else failed++;
        resolve();
      };
      const asked = request(`${url}api/v1/recommend`, {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json' },
      });
      asked.on('response', (response) => {
        response.resume();
        response.on('end', () => ended(response.statusCode === 200));
      });
      asked.on('error', () => ended(false));
      asked.end(body());
    });
  const end = performance.now() + 1000 * seconds;
  let due = performance.now();
  while (due < end) {
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    open.push(send(due));
    due += (1000 / perSecond) * -Math.log(1 - random.uniform());
  }
  await Promise.all(open);
  agent.destroy();
  return { milliseconds: milliseconds.sort((a, b) => a - b), failed };
}

const { child, url } = await start();
try {
  await load(url, { seconds: Math.min(5, seconds), connections: 8, rate: rate / 2 });
  const before = await readMetrics(url);
  const { milliseconds, failed } = await arrive(url, { seconds, rate });
  const quantile = (share: number): number =>
    milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))] ?? Number.NaN;
  const after = await readMetrics(url);
  const grown = (name: string): number => after(name) - before(name);
  const spent = grown('process_cpu_seconds_total');
  const lag = 1000 * after('nodejs_eventloop_lag_p99_seconds');
  const memory = 'process_resident_memory_bytes';
  const bursts = await load(url, { seconds: Math.min(20, seconds), connections: 16, rate });
  const flood = await load(url, { seconds: Math.min(10, seconds), connections: 600 });
  const statuses = Object.entries(flood.statusCodeStats ?? {});
  const others = statuses.filter(([status]) => status !== '200' && status !== '429');
  const rows: [string, string, string, boolean][] = [
    [
      'requests a second',
      `${rate}`,
      (milliseconds.length / seconds).toFixed(0),
      milliseconds.length > 0.95 * rate * seconds,
    ],
    ['errors and other statuses', '0', `${failed}`, failed === 0],
    ['latency p50', '', `${quantile(0.5).toFixed(1)} ms`, true],
    ['latency p99', '< 20 ms', `${quantile(0.99).toFixed(1)} ms`, quantile(0.99) < 20],
    [
      'the same in bursts',
      '',
      `${bursts.latency.p50} and ${bursts.latency.p99} ms`,
      bursts.errors + bursts.non2xx === 0,
    ],
    [
      'processor time a request',
      '',
      `${((1000 * spent) / Math.max(1, milliseconds.length)).toFixed(2)} ms`,
      true,
    ],
    ['event-loop delay p99', '< 10 ms', `${lag.toFixed(1)} ms`, lag < 10],
    [
      'resident memory',
      'flat',
      `${(before(memory) / 1e6).toFixed(0)} to ${(after(memory) / 1e6).toFixed(0)} MB`,
      after(memory) < 1.1 * before(memory),
    ],
    [
      'flood of 600 connections',
      '200 and 429 alone',
      [
        ...statuses.map(([status, { count }]) => `${count} x ${status}`),
        `${flood.errors} errors, ${flood.timeouts} of them time-outs`,
      ].join(', '),
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
