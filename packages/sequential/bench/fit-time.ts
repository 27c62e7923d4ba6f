// Time until SASRec's validation NDCG@10 first reaches what the recipe of another checkout ends with, and peak memory, in
// turns with that checkout: theirs, ours, theirs, ours, each in a process of its own with the same threads. Meant for an
// idle machine.
// Run: npx tsx --conditions=palate-source packages/sequential/bench/fit-time.ts --against DIR [--data bundled]
//        [--recipe '{"epochs":60}'] [--ours '{"competitors":"unseen"}'] [--rounds 2] [--threads 2]
// DIR is a checkout with its dependencies installed; without it ours is run alone. --data is `bundled`, a file of sequences
// ("user item item …" a line, as S3-Rec's Beauty.txt) or KEY@FOLDER (ml-1m@../shared/data). --recipe is what both fit with,
// --ours what ours changes of it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    data: { type: 'string', default: 'bundled' },
    recipe: { type: 'string', default: '{"epochs":60,"batchSize":64,"learningRate":0.002}' },
    ours: { type: 'string', default: '{}' },
    rounds: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
  },
});

interface Run {
  readonly seconds: number;
  readonly peakMebibytes: number;
  readonly epochs: readonly { readonly seconds: number; readonly ndcg: number }[];
}

const SCRIPT = 'fit-time-run.ts';
const HERE = fileURLToPath(new URL(`./${SCRIPT}`, import.meta.url));
const ROOT = resolve(dirname(HERE), '../../..');

/** Fits once in a checkout: with the script as it lies here, so that both are asked the same. */
function fit(checkout: string, recipe: object, seed: number): Run {
  const home = ['sequential', 'retrievers']
    .map((name) => join(checkout, 'packages', name))
    .find((folder) => existsSync(folder));
  if (!home) throw new Error(`${checkout} is no checkout: it has no packages/sequential`);
  const isForeign = checkout !== ROOT;
  const folder = isForeign ? join(home, 'fit-time-bench') : dirname(HERE);
  const script = join(folder, SCRIPT);
  if (isForeign) {
    mkdirSync(folder, { recursive: true });
    copyFileSync(HERE, script);
  }
  const data = /[@/]/.test(values.data) ? dataPath(values.data) : values.data;
  const told = JSON.stringify({ data, recipe, seed, threads: Number(values.threads) });
  try {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=palate-source', '--import', 'tsx', script, told],
      { cwd: checkout, encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    if (status !== 0) throw new Error(`${checkout}: ${stderr.trim().split('\n').slice(-5).join('\n')}`);
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Run;
  } finally {
    if (isForeign) rmSync(folder, { recursive: true });
  }
}

/** The data with its path from everywhere. */
function dataPath(data: string): string {
  const [key, folder] = data.split('@');
  return folder === undefined ? resolve(data) : `${key}@${resolve(folder)}`;
}

const best = ({ epochs }: Run): number => Math.max(...epochs.map(({ ndcg }) => ndcg));

/** Seconds until the validation first reached a value; nothing where it never did. */
function secondsTo(goal: number, { epochs }: Run): number | undefined {
  let seconds = 0;
  for (const epoch of epochs) {
    seconds += epoch.seconds;
    if (epoch.ndcg >= goal) return seconds;
  }
  return undefined;
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
};

const recipe = JSON.parse(values.recipe) as object;
const changed = { ...recipe, ...(JSON.parse(values.ours) as object) };
const theirs: Run[] = [];
const ours: Run[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  if (values.against !== undefined) {
    theirs.push(fit(resolve(values.against), recipe, round));
    report('theirs', theirs.at(-1) as Run);
  }
  ours.push(fit(ROOT, changed, round));
  report('ours', ours.at(-1) as Run);
}

function report(who: string, run: Run): void {
  console.log(
    `${who}: best NDCG@10 ${best(run).toFixed(4)} in ${run.epochs.length} epochs, ${run.seconds.toFixed(1)} s, peak ${run.peakMebibytes.toFixed(0)} MiB`,
  );
}

const goal = median((theirs.length > 0 ? theirs : ours).map(best));
const memory = (runs: readonly Run[]): number => median(runs.map(({ peakMebibytes }) => peakMebibytes));
/** Median seconds to the goal; not a number where most runs did not reach it. */
const toGoal = (runs: readonly Run[]): number =>
  median(runs.map((run) => secondsTo(goal, run) ?? Number.POSITIVE_INFINITY));
console.log(
  JSON.stringify({
    goal,
    seconds: { theirs: toGoal(theirs), ours: toGoal(ours), ratio: toGoal(ours) / toGoal(theirs) },
    peakMebibytes: { theirs: memory(theirs), ours: memory(ours), ratio: memory(ours) / memory(theirs) },
  }),
);
