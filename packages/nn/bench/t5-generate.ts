// Time to find 20 ids of a catalogue for each of 64 users by a model of T5-small's size: `generateAmong`; `generate` with 20
// beams that may write anything; and the latter by HuggingFace in PyTorch on a model of the same size, where python3 (or
// PYTHON) has torch and transformers. Ids are numbers of 1 to 12,000 in pieces of two digits, after two pieces that all
// share. The peer runs without a bound on its tokens, which is the faster of its forms: a bound is a call of Python for
// every beam and step.
//   pnpm script packages/nn/bench/t5-generate.ts [--threads 2] [--runs 2] [--users 64] [--inputs 64]
// Where the machine is shared, compare the processor times: they are what the threads computed, not what they waited.
import * as tf from '@tensorflow/tfjs-core';
import { besidePython, median, numberArguments, processorTime } from '../../../scripts/bench.js';
import {
  ForwardPass,
  generateAmong,
  generateEncoded,
  selectBackend,
  T5,
  TokenTrie,
  t5Config,
} from '../src/index.js';

const { threads, runs, users, inputs } = numberArguments({ threads: 2, runs: 2, users: 64, inputs: 64 });
const SMALL = { vocab_size: 32128, d_model: 512, d_kv: 64, d_ff: 2048, num_layers: 6, num_heads: 8 };
const BEAMS = 20;
const ITEMS = 12_000;
const PREFIX = [2118, 834];

/** Pieces of a number, two digits each from the left, as SentencePiece tends to cut them. */
const pieces = (id: number): number[] => {
  const digits = String(id);
  const cut = digits.match(/\d{1,2}/g) ?? [];
  return [...PREFIX, ...cut.map((part) => 20_000 + 100 * (part.length - 1) + Number(part))];
};

await selectBackend('ort', { threads });
const model = new T5(t5Config(SMALL, 'T5-small'), 1);
const trie = new TokenTrie(
  Array.from({ length: ITEMS }, (_, item) => pieces(item + 1)),
  1,
);
const ids = Int32Array.from({ length: users * inputs }, (_, at) => 2 + ((at * 7919) % 32_000));

const encode = () =>
  model.encode(tf.tensor2d(ids, [users, inputs], 'int32'), tf.ones([users, inputs]), ForwardPass.inference());
const forms = {
  'among ids': () => generateAmong(model, users, encode, trie, { beams: BEAMS }),
  'any tokens': () =>
    generateEncoded(model, users, encode, {
      beams: BEAMS,
      sequences: BEAMS,
      maxTokens: (trie.height[0] as number) + 1,
    }),
};

/** Medians in seconds: of time, and of the time of all processors. */
async function measure(form: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> {
  const wall: number[] = [];
  const cpu: number[] = [];
  // The first run makes the sessions.
  for (let run = 0; run <= runs; run++) {
    const [started, before] = [performance.now(), processorTime()];
    await form();
    if (run === 0) continue;
    wall.push((performance.now() - started) / 1000);
    cpu.push((processorTime() - before) / 1000);
  }
  return { wall: median(wall), cpu: median(cpu) };
}

console.log(`${users} users of ${inputs} tokens, ${BEAMS} beams, ${ITEMS} ids, ${threads} threads`);
const measured: [string, { wall: number; cpu: number }][] = [];
for (const [name, form] of Object.entries(forms)) {
  const { wall, cpu } = await measure(form);
  measured.push([name, { wall, cpu }]);
  console.log(`${name}: ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time`);
}
const theirs = besidePython<{ seconds: number; processor: number; torch: string; transformers: string }>(
  'HuggingFace',
  new URL('t5_generate.py', import.meta.url),
  JSON.stringify({ ...SMALL, threads, runs, users, inputs, beams: BEAMS, tokens: trie.height[0] }),
);
if (theirs) {
  console.log(
    `transformers ${theirs.transformers}, PyTorch ${theirs.torch}: ${theirs.seconds.toFixed(2)} s, ${theirs.processor.toFixed(2)} s of processor time`,
  );
  for (const [name, { wall, cpu }] of measured)
    console.log(
      `${name}: ratios ${(wall / theirs.seconds).toFixed(2)} of time, ${(cpu / theirs.processor).toFixed(2)} of processor time`,
    );
}
