import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { DebugPrinter } from '../src/graph/debug.js';

const run = promisify(execFile);
const own = fileURLToPath(new URL('..', import.meta.url));

/** Two matrix products of one structure, of other numbers; a square is not wanted by anybody. */
const PROGRAM = `
import * as tf from '@tensorflow/tfjs-core';
import { registerOrtBackend } from './src/index.js';
registerOrtBackend();
await tf.setBackend('ort');
for (const first of [1, 7]) tf.tidy(() => {
  const x = tf.tensor2d([[first, 2], [3, 4], [5, 6]]);
  const w = tf.tensor2d([[1], [-1]]);
  const product = tf.matMul(x, w);
  tf.square(w).dispose();
  console.log(String(tf.relu(product).dataSync()));
});
`;

/** Gives what the program writes to its two outputs. */
async function printed(debug: string | undefined): Promise<{ stdout: string; stderr: string }> {
  const { PALATE_DEBUG: _, ...rest } = process.env;
  return run(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      '--conditions=palate-source',
      '--input-type=module',
      '--eval',
      PROGRAM,
    ],
    {
      cwd: own,
      env: { ...rest, NODE_NO_WARNINGS: '1', ...(debug === undefined ? {} : { PALATE_DEBUG: debug }) },
    },
  );
}

describe('PALATE_DEBUG', () => {
  test('prints the recorded graph as a program, without what nobody wants', async () => {
    const { stderr } = await printed('graph');
    expect(stderr).toContain(
      `graph 1: 2 operations
  a: float32[3,2] = numbers at hand
  b: float32[2,1] = numbers at hand
  c: float32[3,1] = MatMul(a, b)
  d: float32[3,1] = Relu(c)
  wanted: d, c
`,
    );
    expect(stderr).not.toMatch(/plan|session/);
  });

  test('prints the numbered plan by the names of the ONNX model, and what sessions do', async () => {
    const { stderr, stdout } = await printed('plan, session');
    const structure = /structure ([0-9a-f]{8})/.exec(stderr)?.[1];
    const plan = (number: number) => `plan ${number}: 2 inputs, 2 nodes, 2 outputs, structure ${structure}
  in0: float32[3,2]
  in1: float32[2,1]
  node_0: MatMul(in0, in1) -> out1
  node_1: Relu(out1) -> out0
  out0: float32[3,1]
  out1: float32[3,1]
`;
    const took = stderr.replace(/\d+\.\d ms/g, 'TIME').replace(/model of \d+ bytes/, 'model of SIZE');
    // Of two products of the same structure the second runs in the first one's session. The product is alive beside
    // what comes of it: twice three numbers of four bytes.
    expect(
      took,
    ).toBe(`${plan(1)}session 1: built for plan 1 (native, model of SIZE, at most 24 bytes of intermediate tensors)
session 1: ran in TIME
${plan(2)}session 1: serves plan 2 too
session 1: ran in TIME
`);
    // What a program writes itself stays alone.
    expect(stdout).toBe('0,0,0\n5,0,0\n');
  });

  test('prints nothing where it is not set, and refuses a stage that there is not', async () => {
    expect(await printed(undefined)).toEqual({ stdout: '0,0,0\n5,0,0\n', stderr: '' });
    await expect(printed('grpah')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Did you mean 'graph'?"),
    });
    expect(DebugPrinter.ofEnvironment('')).toBeUndefined();
  });
});
