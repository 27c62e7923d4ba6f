/**
 * Loads a server as the targets have it: the bundled data, SASRec finds fifty candidates, ten are given with reasons from
 * knowledge. Prints what was measured beside each target, and ends with 1 if one is missed.
 *
 * pnpm run script apps/reference/bench/load.ts [--seconds 60] [--rate 200] [--artifacts FOLDER] [--ranker palr-local] [--refit]
 *
 * With --refit all models are fitted again from a quarter of the time on, by POST /api/v1/refit; the latencies of the requests
 * that arrived meanwhile are told apart from those of the others. The load goes on until the refit has ended and a second more.
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
    refit: { type: 'boolean', default: false },
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

/** Arrival of an answered request on the clock of `performance`, and the milliseconds that its answer took. */
interface Arrival {
  readonly due: number;
  readonly milliseconds: number;
}

/** Requests that were answered, the seconds in which they arrived, and how many were not answered by 200. */
interface Arrivals {
  readonly answered: readonly Arrival[];
  readonly seconds: number;
  readonly failed: number;
}

/**
 * Requests that arrive one by one at random times, as those of people do, whether earlier ones were answered or not; each is
 * timed from the moment that it was due. (autocannon sends the requests of a second in one burst at its beginning.)
 */
async function arrive(
  url: string,
  {
    seconds,
    rate: perSecond,
    beside,
  }: { seconds: number; rate: number; beside?: Promise<unknown> | undefined },
): Promise<Arrivals> {
  const agent = new Agent({ keepAlive: true });
  const random = new RandomStream(1);
  const answered: Arrival[] = [];
  const open: Promise<void>[] = [];
  let failed = 0;
  const send = (due: number): Promise<void> =>
    new Promise((resolve) => {
      const ended = (isAnswered: boolean): void => {
        if (isAnswered) answered.push({ due, milliseconds: performance.now() - due });
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
  const began = performance.now();
  let end = began + 1000 * seconds;
  if (beside) {
    end = Number.POSITIVE_INFINITY;
    void beside.finally(() => {
      end = Math.max(began + 1000 * seconds, performance.now() + 1000);
    });
  }
  let due = performance.now();
  while (due < end) {
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    open.push(send(due));
    due += (1000 / perSecond) * -Math.log(1 - random.uniform());
  }
  await Promise.all(open);
  agent.destroy();
  return { answered, seconds: (due - began) / 1000, failed };
}

/** Fits all models again after a while; gives the times of its beginning and end on the clock of `performance`. */
async function refitAfter(milliseconds: number): Promise<readonly [number, number]> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const began = performance.now();
  const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const { id } = (await (await fetch(`${url}api/v1/refit`, json)).json()) as { id: string };
  const events = await (await fetch(`${url}api/v1/jobs/${id}/events`)).text();
  if (!events.includes('"state":"done"')) throw new Error(`the refit ended otherwise: ${events.slice(-400)}`);
  return [began, performance.now()];
}

/** The milliseconds below which a share of the requests was answered. */
function quantile(arrivals: readonly Arrival[], share: number): number {
  const ascending = arrivals.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? Number.NaN;
}

/** Percentiles of requests in words. */
const percentiles = (arrivals: readonly Arrival[]): string =>
  `${[0.5, 0.95, 0.99, 1].map((share) => quantile(arrivals, share).toFixed(1)).join(' / ')} ms`;

const { child, url } = await start();
try {
  await load(url, { seconds: Math.min(5, seconds), connections: 8, rate: rate / 2 });
  const before = await readMetrics(url);
  const refit = values.refit ? refitAfter(250 * seconds) : undefined;
  const { answered, seconds: lasted, failed } = await arrive(url, { seconds, rate, beside: refit });
  const [refitBegan, refitEnded] = (await refit) ?? [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const isDuring = ({ due }: Arrival): boolean => due >= refitBegan && due < refitEnded;
  const [during, outside] = [answered.filter(isDuring), answered.filter((each) => !isDuring(each))];
  const after = await readMetrics(url);
  const grown = (name: string): number => after(name) - before(name);
  const spent = grown('process_cpu_seconds_total');
  const lag = 1000 * after('nodejs_eventloop_lag_p99_seconds');
  const memory = 'process_resident_memory_bytes';
  const bursts = await load(url, { seconds: Math.min(20, seconds), connections: 16, rate });
  const flood = await load(url, { seconds: Math.min(10, seconds), connections: 600 });
  const statuses = Object.entries(flood.statusCodeStats ?? {});
  const others = statuses.filter(([status]) => status !== '200' && status !== '429');
  const rows: (readonly [string, string, string, boolean])[] = [
    [
      'requests a second',
      `${rate}`,
      (answered.length / lasted).toFixed(0),
      answered.length > 0.95 * rate * lasted,
    ],
    ['errors and other statuses', '0', `${failed}`, failed === 0],
    ['latency p50', '', `${quantile(outside, 0.5).toFixed(1)} ms`, true],
    ['latency p99', '< 20 ms', `${quantile(outside, 0.99).toFixed(1)} ms`, quantile(outside, 0.99) < 20],
    ['p50 / p95 / p99 / longest', '', percentiles(outside), true],
    ...(refit
      ? ([
          [
            `the same in a refit of ${((refitEnded - refitBegan) / 1000).toFixed(0)} s`,
            'p99 < 20 ms',
            `${percentiles(during)} (${during.length} requests)`,
            quantile(during, 0.99) < 20,
          ],
        ] as const)
      : []),
    [
      'the same in bursts',
      '',
      `${bursts.latency.p50} and ${bursts.latency.p99} ms`,
      bursts.errors + bursts.non2xx === 0,
    ],
    [
      'processor time a request',
      '',
      `${((1000 * spent) / Math.max(1, answered.length)).toFixed(2)} ms`,
      true,
    ],
    ['event-loop delay p99', '< 10 ms', `${lag.toFixed(1)} ms`, lag < 10],
    [
      'resident memory',
      'flat',
      `${(before(memory) / 1e6).toFixed(0)} to ${(after(memory) / 1e6).toFixed(0)} MB`,
      // The thread of a refit takes memory of its own, and gives it back as it ends.
      refit !== undefined || after(memory) < 1.1 * before(memory),
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
