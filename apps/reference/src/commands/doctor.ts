import { createRequire } from 'node:module';
import { type CommandContext, checkWritable, fitWidth, terminalWidth, wrapped } from '@palate/command-line';
import { printableJson, userCacheFolder } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { encodeOnnx, OrtSession, OrtTensor, ortRuntime } from '@palate/tfjs-backend-ort';
import { foundDatasets } from '../data.js';

/** Options of `palate doctor`. */
export interface DoctorOptions {
  readonly json?: boolean | undefined;
}

interface Finding {
  readonly part: string;
  readonly works: boolean;
  /** Finding, or why it does not work. */
  readonly detail: string;
  /** Advice where it does not work, or could work better. */
  readonly hint?: string | undefined;
  /** True for parts that Palate cannot do without. */
  readonly required?: boolean | undefined;
}

interface Found {
  readonly detail: string;
  readonly hint?: string | undefined;
}

function firstLine(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

async function check(
  part: string,
  use: () => Promise<string> | string | Found,
  hint: string,
  required = false,
): Promise<Finding> {
  try {
    const found = await use();
    return { part, works: true, required, ...(typeof found === 'string' ? { detail: found } : found) };
  } catch (error) {
    return { part, works: false, detail: firstLine(error), hint, required };
  }
}

/** Version of an installed package, without loading its code. */
function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  const paths = require.resolve.paths(name) ?? [];
  for (const path of paths) {
    try {
      return (require(`${path}/${name}/package.json`) as { version: string }).version;
    } catch {
      // Not in this folder: look in the next.
    }
  }
  throw new Error('not installed');
}

/** Computes a small graph; WebAssembly works too, with the way to get the native build as its hint. */
function runOnnx(): Found {
  const value = { type: 'float32' as const, shape: [2] };
  const session = new OrtSession(
    encodeOnnx({
      name: 'doctor',
      nodes: [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
      inputs: [{ name: 'x', ...value }],
      outputs: [{ name: 'y', ...value }],
    }),
    ['y'],
  );
  const { y } = session.run({ x: new OrtTensor('float32', Float32Array.of(1, 2), [2]) });
  session.dispose();
  if (String(y?.data) !== '2,4') throw new Error(`1 + 1 and 2 + 2 gave ${String(y?.data)}`);
  const { runtime, reason, hint } = ortRuntime();
  const machine = `computes on this machine (${process.platform} ${process.arch})`;
  if (runtime === 'native') return { detail: `native, ${machine}` };
  const why = reason === undefined ? 'asked for by PALATE_ORT_RUNTIME' : reason;
  return { detail: `WebAssembly, slower: ${why}; ${machine}`, hint };
}

/** `palate doctor`: show which parts work here, and why others do not. */
export async function doctorCommand(options: DoctorOptions, { print }: CommandContext): Promise<void> {
  const optional = (name: string, use: string): Promise<Finding> =>
    check(
      name,
      async () => {
        const version = versionOf(name);
        await import(name);
        return version;
      },
      `Optional: npm install ${name} (${use})`,
    );
  const findings = [
    await check(
      'node',
      () => {
        const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
        if (major < 20 || (major === 20 && minor < 19)) throw new Error(`this is ${process.versions.node}`);
        return process.versions.node;
      },
      'Install Node 20.19 or newer.',
      true,
    ),
    await check('ONNX Runtime', runOnnx, 'Install it again: npm install onnxruntime-web@1.30.0', true),
    await check(
      'bundled data',
      async () => {
        const { log } = await loadBundledMovieTweetings();
        return `${log.users.size} users, ${log.items.size} films, ${log.length} ratings`;
      },
      'Install @palate/dataset-movietweetings again.',
      true,
    ),
    await check(
      'other data sets',
      async () => {
        const found = await foundDatasets();
        if (found.length === 0) throw new Error('none found');
        return found.map(({ key }) => key).join(', ');
      },
      'Optional: name their folder in PALATE_DATA.',
    ),
    await check(
      'cache folder',
      async () => {
        await checkWritable(userCacheFolder());
        return userCacheFolder();
      },
      'Name another one: XDG_CACHE_HOME, or --artifacts in every command.',
    ),
    await optional('hnswlib-node', 'approximate vector search; without it the exact index is used'),
    await optional('@tensorflow/tfjs-node', 'TensorFlow as another backend'),
    await optional('@huggingface/transformers', 'local encoders and language models'),
    await check(
      'language model',
      () => {
        const model = process.env.PALATE_LLM;
        if (!model) throw new Error('PALATE_LLM is not set');
        return model;
      },
      'Optional: PALATE_LLM=openai:MODEL with OPENAI_API_KEY and OPENAI_BASE_URL.',
    ),
  ];
  if (options.json) print(printableJson(findings));
  else
    for (const { part, works, detail, hint } of findings) {
      const [first = '', ...more] = wrapped(detail, Math.max(20, terminalWidth() - 32));
      print(`${works ? 'yes' : ' no'}  ${fitWidth(part, 26)} ${first}`);
      for (const line of [...more, ...(hint ? wrapped(hint, Math.max(20, terminalWidth() - 32)) : [])])
        print(`     ${' '.repeat(26)} ${line}`);
    }
  if (findings.some(({ works, required }) => required && !works)) process.exitCode = 1;
}
