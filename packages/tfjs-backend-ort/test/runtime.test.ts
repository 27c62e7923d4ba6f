import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  compile,
  encodeOnnx,
  layerNorm,
  OrtBackend,
  type OrtRuntime,
  OrtSession,
  type OrtSessionOptions,
  OrtTensor,
  ortRuntime,
  registerOrtBackend,
  sparseCrossEntropy,
} from '../src/index.js';
import { endWasmEngine } from '../src/runtime/wasm-engine.js';

const RUNTIMES: readonly OrtRuntime[] = ['native', 'wasm'];

/** y = a b, with every extent free. */
const PRODUCT = encodeOnnx({
  name: 'product',
  nodes: [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }],
  inputs: [
    { name: 'a', type: 'float32', shape: ['m', 'k'] },
    { name: 'b', type: 'float32', shape: ['k', 'n'] },
  ],
  outputs: [{ name: 'y', type: 'float32', shape: ['m', 'n'] }],
});

describe.each(RUNTIMES)('a session of the %s build', (runtime) => {
  test('computes, from views into larger buffers too, and leaves its inputs as they were', () => {
    const session = new OrtSession(PRODUCT, ['y'], { runtime });
    const a = new Float32Array([9, 9, 1, 2, 3, 4, 9]).subarray(2, 6);
    const b = Float32Array.of(5, 6, 7, 8);
    const feeds = { a: new OrtTensor('float32', a, [2, 2]), b: new OrtTensor('float32', b, [2, 2]) };
    const { y } = session.run(feeds);
    expect(y?.data).toEqual(Float32Array.of(19, 22, 43, 50));
    expect(y?.dims).toEqual([2, 2]);
    expect([...a, ...b]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const into = new Float32Array(4);
    session.runInto(feeds, { y: new OrtTensor('float32', into, [2, 2]) });
    expect([...into]).toEqual([19, 22, 43, 50]);
    expect(session.runtime).toBe(runtime);
    session.dispose();
  });

  test('takes inputs that its model does not read, and refuses where one is missing', () => {
    const session = new OrtSession(PRODUCT, ['y'], { runtime });
    const one = new OrtTensor('float32', Float32Array.of(3), [1, 1]);
    expect(session.run({ a: one, b: one, unread: one }).y?.data).toEqual(Float32Array.of(9));
    expect(() => session.run({ a: one, unread: one })).toThrow(/\bb\b/);
    session.dispose();
  });

  test('carries every type of number to the bit', () => {
    for (const [type, data] of [
      ['float32', Float32Array.of(0.1, Number.NaN, Infinity)],
      ['float64', Float64Array.of(0.1, -0, 1e300)],
      ['int32', Int32Array.of(-1, 2 ** 31 - 1, 0)],
      ['int64', BigInt64Array.of(-1n, 2n ** 62n, 0n)],
      ['bool', Uint8Array.of(1, 0, 1)],
    ] as const) {
      const value = { type, shape: [3] };
      const session = new OrtSession(
        encodeOnnx({
          name: 'same',
          nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }],
          inputs: [{ name: 'x', ...value }],
          outputs: [{ name: 'y', ...value }],
        }),
        ['y'],
        { runtime },
      );
      const { y } = session.run({ x: new OrtTensor(type as 'float32', data as Float32Array, [3]) });
      expect(y?.type).toBe(type);
      expect(y?.data).toEqual(data);
      session.dispose();
    }
  });

  test('throws what ONNX Runtime says of a model or of inputs, and computes on', () => {
    expect(() => new OrtSession(Uint8Array.of(1, 2, 3), ['y'], { runtime })).toThrow(/protobuf/i);
    const session = new OrtSession(PRODUCT, ['y'], { runtime });
    const two = new OrtTensor('float32', new Float32Array(4).fill(1), [2, 2]);
    const three = new OrtTensor('float32', new Float32Array(6).fill(1), [3, 2]);
    expect(() => session.run({ a: two, b: three })).toThrow(/dimension/i);
    expect(session.run({ a: two, b: two }).y?.data).toEqual(Float32Array.of(2, 2, 2, 2));
    session.dispose();
  });
});

/** Losses and weights of a few steps of Adam on a small attention block, from fixed numbers. */
async function trained(runtime: OrtRuntime): Promise<{ losses: number[]; weights: number[] }> {
  const name = `ort-${runtime}`;
  tf.registerBackend(name, () => new OrtBackend({ runtime, threads: 1 }));
  tf.copyRegisteredKernels('ort', name);
  await tf.setBackend(name);
  const numbers = (shape: number[], phase: number): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(phase + 1.7 * i) / 2),
      shape,
    );
  const table = tf.variable(numbers([12, 8], 1));
  const project = tf.variable(numbers([8, 8], 2));
  const gain = tf.variable(tf.ones([8]));
  const bias = tf.variable(tf.zeros([8]));
  const optimizer = tf.train.adam(0.01);
  const step = compile((items: tf.Tensor, targets: tf.Tensor) => {
    const loss = optimizer.minimize(() => {
      const x = layerNorm(tf.gather(table, items as tf.Tensor1D), gain, bias);
      const q = tf.matMul(x as tf.Tensor2D, project as tf.Tensor2D);
      const attended = tf.matMul(tf.softmax(tf.matMul(q, x as tf.Tensor2D, false, true)), x as tf.Tensor2D);
      const logits = tf.matMul(attended as tf.Tensor2D, table as tf.Tensor2D, false, true);
      return tf.mean(sparseCrossEntropy(logits as tf.Tensor2D, targets as tf.Tensor1D)) as tf.Scalar;
    }, true);
    return loss as tf.Tensor;
  });
  const items = tf.tensor1d([1, 4, 4, 7, 9, 2], 'int32');
  const targets = tf.tensor1d([4, 4, 7, 9, 2, 11], 'int32');
  const losses: number[] = [];
  for (let i = 0; i < 8; i++) losses.push(...step(items, targets).dataSync());
  const weights = [table, project, gain, bias].flatMap((each) => [...each.dataSync()]);
  expect((tf.backend() as OrtBackend).statistics().runtime).toBe(runtime);
  for (const each of [table, project, gain, bias, items, targets]) each.dispose();
  optimizer.dispose();
  step.dispose();
  tf.removeBackend(name);
  return { losses, weights };
}

describe('both builds', () => {
  test('train to the same numbers within float tolerance', async () => {
    registerOrtBackend({ threads: 1 });
    const native = await trained('native');
    const wasm = await trained('wasm');
    expect(native.losses.at(-1)).toBeLessThan(native.losses[0] as number);
    const distance = (a: readonly number[], b: readonly number[]): number =>
      Math.max(...a.map((each, i) => Math.abs(each - (b[i] as number))));
    expect(wasm.weights).toHaveLength(native.weights.length);
    expect(distance(native.losses, wasm.losses)).toBeLessThan(1e-5);
    expect(distance(native.weights, wasm.weights)).toBeLessThan(1e-4);
  });

  test('a session goes on in a new instance when its WebAssembly has ended', () => {
    const session = new OrtSession(PRODUCT, ['y'], { runtime: 'wasm' });
    const x = new OrtTensor('float32', Float32Array.of(3), [1, 1]);
    expect(session.run({ a: x, b: x }).y?.data).toEqual(Float32Array.of(9));
    endWasmEngine();
    expect(session.run({ a: x, b: x }).y?.data).toEqual(Float32Array.of(9));
    session.dispose();
    // Nothing happens at a second time, nor with an instance that is gone.
    session.dispose();
  });
});

describe('the choice of a build', () => {
  test('refuses names of no build, in the option and in the environment', () => {
    expect(() => ortRuntime('gpu' as never)).toThrow(/runtime to be 'native' or 'wasm'/);
    expect(() => new OrtBackend({ runtime: 'gpu' as never })).toThrow(/'native' or 'wasm'/);
    const before = process.env.PALATE_ORT_RUNTIME;
    process.env.PALATE_ORT_RUNTIME = 'gpu';
    try {
      expect(() => ortRuntime()).toThrow(/PALATE_ORT_RUNTIME to be 'native' or 'wasm'/);
      expect(ortRuntime('wasm')).toEqual({ runtime: 'wasm' });
    } finally {
      if (before === undefined) delete process.env.PALATE_ORT_RUNTIME;
      else process.env.PALATE_ORT_RUNTIME = before;
    }
  });

  test('WebAssembly refuses providers that it does not have', () => {
    expect(() => new OrtSession(PRODUCT, ['y'], { runtime: 'wasm', executionProviders: ['cuda'] })).toThrow(
      /received cuda/,
    );
  });
});

describe('threads within an operation', () => {
  /** Runs something under a value of the environment variable. */
  const under = <T>(value: string, work: () => T): T => {
    const before = process.env.PALATE_ORT_THREADS;
    process.env.PALATE_ORT_THREADS = value;
    try {
      return work();
    } finally {
      if (before === undefined) delete process.env.PALATE_ORT_THREADS;
      else process.env.PALATE_ORT_THREADS = before;
    }
  };

  test.skipIf(process.platform !== 'linux')('are those of the option, else of the environment', () => {
    const own = (): number => readdirSync('/proc/self/task').length;
    /** Threads that a session starts: the caller's is one of those that compute. */
    const started = (options: OrtSessionOptions): number => {
      const before = own();
      const session = new OrtSession(PRODUCT, ['y'], { runtime: 'native', ...options });
      const more = own() - before;
      session.dispose();
      return more;
    };
    started({ threads: 1 });
    expect(under('1', () => started({}))).toBe(0);
    expect(under('4', () => started({}))).toBe(3);
    expect(under('4', () => started({ threads: 3 }))).toBe(2);
  });

  test('are refused in the environment where they are no count', () => {
    for (const value of ['two', '-1', '1.5', '5000'])
      expect(() => under(value, () => new OrtSession(PRODUCT, ['y'], { runtime: 'native' }))).toThrow(
        /PALATE_ORT_THREADS to be a whole number from 0 to 1024/,
      );
  });
});

/** Runs code in a process in which the packages named are not installed. */
async function without(packages: readonly string[], code: string): Promise<{ out: string; err: string }> {
  const hidden = `
    import Module from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (${JSON.stringify(packages)}.some((each) => name === each || name.startsWith(each + '/')))
        throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: 'MODULE_NOT_FOUND' });
      return resolve(name, ...rest);
    };`;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const { PALATE_ORT_RUNTIME: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    [
      '--conditions=palate-source',
      `--import=${tsx}`,
      `--import=data:text/javascript,${encodeURIComponent(hidden)}`,
      '--input-type=module',
      '-e',
      `import * as ort from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
       import * as tf from ${JSON.stringify(import.meta.resolve('@tensorflow/tfjs-core'))};
       ${code}`,
    ],
    { env },
  );
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { out, err };
}

describe('where onnxruntime-node did not install', () => {
  test('WebAssembly computes, statistics say why, and one warning tells how to get the native build', async () => {
    const { out, err } = await without(
      ['onnxruntime-node'],
      `ort.registerOrtBackend();
       await tf.setBackend('ort');
       for (let i = 1; i < 4; i++) console.log(tf.sum(tf.ones([i, i])).dataSync()[0]);
       const { runtime, reason, hint } = ort.ortBackend().statistics();
       console.log(JSON.stringify({ runtime, reason, hint }));`,
    );
    const [one, four, nine, report] = out.trim().split('\n');
    expect([one, four, nine]).toEqual(['1', '4', '9']);
    expect(JSON.parse(report as string)).toEqual({
      runtime: 'wasm',
      reason: 'onnxruntime-node is not installed',
      hint: expect.stringContaining(
        'ONNXRUNTIME_NODE_INSTALL=skip npm install --save-optional onnxruntime-node@',
      ),
    });
    expect(err.match(/PALATE_ORT_WASM/g)).toHaveLength(1);
    expect(err).toContain('ONNXRUNTIME_NODE_INSTALL=skip npm install --save-optional onnxruntime-node@');
  });

  test('asking for the native build is refused with the way to get it', async () => {
    const { out } = await without(
      ['onnxruntime-node'],
      `try { new ort.OrtSession(new Uint8Array(), ['y'], { runtime: 'native' }); }
       catch (error) { console.log(error.code, error.message); }`,
    );
    expect(out).toMatch(
      /^unsupported Expected onnxruntime-node .* npm install --save-optional onnxruntime-node@/,
    );
  });

  test('with neither build, the error names both', async () => {
    const { out } = await without(
      ['onnxruntime-node', 'onnxruntime-web'],
      `for (const runtime of [undefined, 'wasm'])
         try { new ort.OrtSession(new Uint8Array(), ['y'], { runtime }); }
         catch (error) { console.log(error.code, error.message); }`,
    );
    const [both, wasm] = out.trim().split('\n');
    expect(both).toMatch(/^unsupported Expected onnxruntime-node or onnxruntime-web, but received neither/);
    expect(wasm).toMatch(/^unsupported Expected onnxruntime-web .* npm install onnxruntime-web@/);
  });
});
