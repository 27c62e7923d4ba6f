// Time of one training step of a model of T5-small's size (60 million weights): the compiled step of `train`'s kind, and
// the same model and step by HuggingFace's T5 in PyTorch eager, where python3 (or PYTHON) has torch and transformers.
//   pnpm script packages/nn/bench/t5-step.ts [--threads 2] [--steps 8]
// Where the machine is shared, compare the processor times: they are what the threads computed, not what they waited.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { besidePython, numberArguments } from '../../../scripts/bench.js';
import type { T5StepRequest } from './t5-form.js';

const { threads, steps } = numberArguments({ threads: 2, steps: 8 });
const SMALL = { vocab_size: 32128, d_model: 512, d_kv: 64, d_ff: 2048, num_layers: 6, num_heads: 8 };
const BATCH = 8;
const INPUTS = 128;
const OUTPUTS = 32;
/** Steps before the clock starts. */
const WARM_UP = 2;

const sizes = { batch: BATCH, inputs: INPUTS, outputs: OUTPUTS, threads, steps, warmUp: WARM_UP };

/** Medians of a step in milliseconds: of time, and of the time of all processors. */
interface Measured {
  readonly milliseconds: number;
  readonly processor: number;
}

/** A form of the step, alone in a process. */
function alone(form: T5StepRequest['form']): Measured & { readonly weights: number } {
  const request: T5StepRequest = { form, config: SMALL, ...sizes };
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(new URL('t5-form.ts', import.meta.url)), JSON.stringify(request)],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  if (child.status !== 0) throw new Error(`the ${form} step failed`);
  return JSON.parse(child.stdout) as Measured & { weights: number };
}

const { weights, ...lazy } = alone('recorded');
const compiled = alone('compiled');
const inWords = ({ milliseconds, processor }: Measured): string =>
  `${milliseconds.toFixed(0)} ms (${processor.toFixed(0)} of processor time)`;
console.log(
  `${weights} weights, batch ${BATCH}, ${INPUTS} tokens in, ${OUTPUTS} out, AdamW, ${threads} threads: recorded ${inWords(lazy)}, compiled ${inWords(compiled)}`,
);
const theirs = besidePython<Measured & { torch: string; transformers: string }>(
  'PyTorch',
  new URL('t5_step.py', import.meta.url),
  JSON.stringify({ ...SMALL, ...sizes }),
);
if (theirs) {
  const ratio = (ours: Measured): string =>
    `${(ours.milliseconds / theirs.milliseconds).toFixed(2)} (${(ours.processor / theirs.processor).toFixed(2)} of processor time)`;
  console.log(
    `PyTorch ${theirs.torch} with transformers ${theirs.transformers}: ${inWords(theirs)}; ratios ${ratio(lazy)} recorded, ${ratio(compiled)} compiled`,
  );
}
