import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ArtifactManifest, MANIFEST, sealed } from '../artifact/artifact-manifest.js';
import { decodeSafetensors, encodeSafetensors, type TensorData } from '../artifact/safetensors.js';
import { ArtifactError, PalateError } from '../basics/errors.js';
import { RandomStream } from '../basics/random.js';
import type { ConformanceCase } from './conformance.js';

/** Arguments of {@link alteredArtifactConformance}. */
export interface AlteredArtifactOptions<T> {
  /** Writes a small artifact. */
  readonly save: (dir: string) => Promise<void>;
  readonly load: (dir: string) => Promise<T>;
  /** Asks what was loaded for something, and asserts that the answer is possible: finite, in range, of its length. */
  readonly use: (loaded: T) => Promise<void>;
  readonly dispose?: ((loaded: T) => void) | undefined;
  /** Changes with a matching checksum to try. Default 60. */
  readonly changes?: number | undefined;
  /** Files of a native format, which are opened only where the manifest vouches for them: not altered under a new seal. */
  readonly opaque?: readonly string[] | undefined;
  readonly seed?: number | undefined;
}

/**
 * Tests what an artifact that was altered may do: be refused by an `ArtifactError`, or, where its checksums were made
 * anew and its content is still a possible one, load and answer. Never a raw error, never a hang, never an impossible
 * answer.
 */
export function alteredArtifactConformance<T>(options: AlteredArtifactOptions<T>): ConformanceCase[] {
  return [
    {
      name: 'is refused when a byte of any file was changed, or a file was cut, extended or removed',
      run: () =>
        inCopies(options, async (copy) => {
          const random = new RandomStream(options.seed ?? 0);
          for (const name of await readdir(await copy()))
            for (const change of [
              (bytes: Buffer) => flipped(bytes, random),
              (bytes: Buffer) => bytes.subarray(0, random.integer(bytes.length)),
              (bytes: Buffer) => Buffer.concat([bytes, Buffer.from(' x')]),
              () => undefined,
            ]) {
              const dir = await copy();
              const bytes = change(await readFile(join(dir, name)));
              if (bytes) await writeFile(join(dir, name), bytes);
              else await rm(join(dir, name));
              await refusedOr(() => options.load(dir), `${name} changed`);
            }
        }),
    },
    {
      name: 'is refused, or gives possible answers, when it was altered with matching checksums',
      run: () =>
        inCopies(options, async (copy) => {
          const random = new RandomStream(options.seed ?? 0).fork('sealed');
          for (let k = 0; k < (options.changes ?? 60); k++) {
            const dir = await copy();
            const change = await alter(dir, random, options.opaque ?? []);
            let loaded: T;
            try {
              loaded = await options.load(dir);
            } catch (error) {
              assert.ok(error instanceof ArtifactError, `${change}: ${describe(error)}`);
              continue;
            }
            try {
              await options.use(loaded);
            } catch (error) {
              assert.ok(PalateError.is(error), `${change}: ${describe(error)}`);
            } finally {
              options.dispose?.(loaded);
            }
          }
        }),
    },
  ];
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

async function refusedOr(load: () => Promise<unknown>, what: string): Promise<void> {
  await assert.rejects(
    load,
    (error) => {
      assert.ok(error instanceof ArtifactError, `${what}: ${describe(error)}`);
      return true;
    },
    what,
  );
}

async function inCopies<T>(
  options: AlteredArtifactOptions<T>,
  use: (copy: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'palate-altered-'));
  try {
    const whole = join(root, 'whole');
    await options.save(whole);
    let count = 0;
    await use(async () => {
      const dir = join(root, String(count++));
      await cp(whole, dir, { recursive: true });
      return dir;
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Changes a byte so that the file means something else: white space of JSON is left alone. */
function flipped(bytes: Buffer, random: RandomStream): Buffer {
  const changed = Buffer.from(bytes);
  let at = random.integer(Math.max(1, changed.length));
  while (/\s/.test(String.fromCharCode(changed[at] ?? 0))) at = (at + 1) % changed.length;
  changed[at] = (changed[at] ?? 0) ^ (1 << random.integer(3));
  return changed;
}

/** Alters one thing in an artifact and seals it again; returns what was done. */
async function alter(dir: string, random: RandomStream, opaque: readonly string[]): Promise<string> {
  const manifest = JSON.parse(await readFile(join(dir, MANIFEST), 'utf8')) as ArtifactManifest;
  const names = Object.keys(manifest.sha256).filter((name) => !opaque.includes(name));
  const turn = random.integer(names.length + 1);
  const name = names[turn];
  if (name === undefined) {
    const { value: config, what } = alteredJson(manifest.config, random, 'config');
    await seal(dir, { ...manifest, config });
    return what;
  }
  const bytes = await readFile(join(dir, name));
  let what: string;
  if (name.endsWith('.safetensors')) {
    const altered = alteredTensors(decodeSafetensors(bytes).tensors, random);
    what = altered.what;
    await writeFile(join(dir, name), encodeSafetensors(altered.tensors));
  } else if (name.endsWith('.json')) {
    const altered = alteredJson(JSON.parse(bytes.toString('utf8')), random, name);
    what = altered.what;
    await writeFile(join(dir, name), JSON.stringify(altered.value) ?? 'null');
  } else {
    what = `a byte of ${name}`;
    await writeFile(join(dir, name), flipped(bytes, random));
  }
  await seal(dir, manifest);
  return what;
}

async function seal(dir: string, manifest: ArtifactManifest): Promise<void> {
  const { checksum: _, ...rest } = manifest;
  const sha256: Record<string, string> = {};
  const lengths: Record<string, number> = {};
  for (const name of Object.keys(manifest.sha256)) {
    const bytes = await readFile(join(dir, name));
    sha256[name] = createHash('sha256').update(bytes).digest('hex');
    lengths[name] = bytes.length;
  }
  await writeFile(join(dir, MANIFEST), JSON.stringify(sealed({ ...rest, sha256, bytes: lengths })));
}

const STRANGE: readonly unknown[] = [null, -1, 0, 0.5, 1e9, -1e308, 'x', '', [], {}, true, [[]], 1e15];

function alteredJson(value: unknown, random: RandomStream, path: string): { value: unknown; what: string } {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  // Deeper two times of three, so that leaves are reached as well as whole objects.
  if (keys.length === 0 || random.integer(3) === 0) {
    const strange = STRANGE[random.integer(STRANGE.length)];
    return { value: strange, what: `${path} = ${JSON.stringify(strange)}` };
  }
  const key = keys[random.integer(keys.length)] as string;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>;
  if (random.integer(6) === 0) {
    if (Array.isArray(copy)) copy.splice(Number(key), 1);
    else delete copy[key];
    return { value: copy, what: `${path}.${key} removed` };
  }
  const deeper = alteredJson(copy[key], random, `${path}.${key}`);
  copy[key] = deeper.value;
  return { value: copy, what: deeper.what };
}

function alteredTensors(
  tensors: Readonly<Record<string, TensorData>>,
  random: RandomStream,
): { tensors: Record<string, TensorData>; what: string } {
  const names = Object.keys(tensors);
  const name = names[random.integer(names.length)] as string;
  const { [name]: tensor, ...others } = tensors as Record<string, TensorData>;
  const { shape, values } = tensor as TensorData;
  const strange = [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e9, -2147483648][random.integer(5)] as number;
  const changed = values.slice();
  const altered: readonly [string, () => Record<string, TensorData>][] = [
    ['removed', () => others],
    ['renamed', () => ({ ...others, [`${name}x`]: { shape, values } })],
    ['flattened', () => ({ ...others, [name]: { shape: [values.length], values } })],
    ['of other extents', () => ({ ...others, [name]: { shape: [...shape].reverse(), values } })],
    ['of another type', () => ({ ...others, [name]: { shape, values: retyped(values) } })],
    ['emptied', () => ({ ...others, [name]: { shape: [0], values: values.slice(0, 0) } })],
    [
      `with ${strange} in it`,
      () => {
        if (changed.length > 0) {
          const at = random.integer(changed.length);
          if (changed instanceof BigInt64Array) changed[at] = -1n;
          else changed[at] = strange;
        }
        return { ...others, [name]: { shape, values: changed } };
      },
    ],
  ];
  const [what, make] = altered[random.integer(altered.length)] as (typeof altered)[number];
  return { tensors: make(), what: `tensor ${name} ${what}` };
}

function retyped(values: TensorData['values']): TensorData['values'] {
  return values instanceof Int32Array
    ? Float32Array.from(values)
    : Int32Array.from(values as Iterable<number>, (value) => Math.trunc(Number(value)));
}
