import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ArtifactError, InvalidInputError } from './errors.js';
import { throwIfCancelled } from './progress.js';
import { decodeSafetensors, encodeSafetensors, type TensorData } from './safetensors.js';

/** What is written into an artifact folder. */
export interface ArtifactContents {
  /** What it is, for example `"ease"`; a folder of another kind is refused on reading. */
  readonly kind: string;
  /** Version of the kind's format, a whole number from 1. */
  readonly version: number;
  /** Plain JSON: everything needed to rebuild beside weights and files. */
  readonly config: unknown;
  /** `fingerprint` of the data it was fitted on. */
  readonly dataFingerprint?: string;
  /** Kept in `weights.safetensors`. */
  readonly tensors?: Readonly<Record<string, TensorData>>;
  /** Further files by plain name. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
}

/** `manifest.json` of an artifact folder. */
export interface ArtifactManifest {
  readonly format: 'palate-artifact';
  readonly kind: string;
  readonly version: number;
  readonly config: unknown;
  readonly dataFingerprint?: string;
  /** SHA-256 of each file beside the manifest, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** An artifact folder as read back, every checksum verified. */
export interface Artifact {
  readonly manifest: ArtifactManifest;
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const MANIFEST = 'manifest.json';
const WEIGHTS = 'weights.safetensors';

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes an artifact folder as a whole: into a temporary folder beside it that is then renamed, so that a kill
 * at any moment leaves the old artifact or the new one, never a mixture.
 *
 * @param dir - the folder; its parents are made; an artifact already there is replaced
 * @throws ArtifactError if `dir` exists and is not an artifact
 * @throws CancelledError if `signal` fires before the rename
 */
export async function writeArtifact(
  dir: string,
  contents: ArtifactContents,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const target = resolve(dir);
  if ((await exists(target)) && !(await exists(join(target, MANIFEST))))
    throw new ArtifactError(dir, {
      expected: 'a new folder or an artifact to replace',
      received: 'a folder or file of something else',
      hint: 'Choose another folder: nothing was written.',
    });
  const files: Record<string, Uint8Array | string> = { ...contents.files };
  for (const name of Object.keys(files))
    if (name !== basename(name) || name === MANIFEST || name === WEIGHTS || name.startsWith('.'))
      throw new InvalidInputError({
        expected: `plain file names other than ${MANIFEST} and ${WEIGHTS}`,
        received: JSON.stringify(name),
        hint: 'Rename the file.',
      });
  if (contents.tensors) files[WEIGHTS] = encodeSafetensors(contents.tensors);
  const sha256: Record<string, string> = {};
  for (const name of Object.keys(files).sort())
    sha256[name] = createHash('sha256').update(files[name]!).digest('hex');
  const manifest: ArtifactManifest = {
    format: 'palate-artifact',
    kind: contents.kind,
    version: contents.version,
    config: contents.config,
    ...(contents.dataFingerprint === undefined ? {} : { dataFingerprint: contents.dataFingerprint }),
    sha256,
  };
  const temporary = `${target}.writing-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(dirname(target), { recursive: true });
  await mkdir(temporary);
  try {
    for (const [name, bytes] of Object.entries(files)) {
      throwIfCancelled(options.signal, `writing ${dir}`);
      await writeDurably(join(temporary, name), bytes);
    }
    await writeDurably(join(temporary, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    throwIfCancelled(options.signal, `writing ${dir}`);
    // A folder cannot be replaced in one step: the old one steps aside under a name that reading knows.
    const previous = `${target}.previous`;
    if (await exists(target)) {
      await rm(previous, { recursive: true, force: true });
      await rename(target, previous);
    }
    await rename(temporary, target);
    await rm(previous, { recursive: true, force: true });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Reads an artifact folder and verifies kind, version and the checksum of every file.
 *
 * @param kind - what it has to be
 * @param version - the newest format version that the caller understands; newer ones are refused
 * @throws ArtifactError if the folder is missing, foreign, newer or damaged
 */
export async function readArtifact(dir: string, kind: string, version: number): Promise<Artifact> {
  const target = resolve(dir);
  // A writer was killed between its two renames: the old artifact is whole and still the valid one.
  if (!(await exists(target)) && (await exists(join(`${target}.previous`, MANIFEST))))
    await rename(`${target}.previous`, target);
  const manifest = await readManifest(dir);
  if (manifest.kind !== kind)
    throw new ArtifactError(dir, {
      expected: `an artifact of kind ${JSON.stringify(kind)}`,
      received: JSON.stringify(manifest.kind),
      hint: 'Load it with the class that wrote it.',
    });
  if (!(manifest.version >= 1 && manifest.version <= version))
    throw new ArtifactError(dir, {
      expected: `format version 1 to ${version} of ${kind}`,
      received: String(manifest.version),
      hint: 'Update Palate, or fit again with this version.',
    });
  const files: Record<string, Uint8Array> = {};
  let tensors: Record<string, TensorData> = {};
  for (const [name, expected] of Object.entries(manifest.sha256)) {
    const bytes = await readFile(join(target, basename(name))).catch((cause: unknown) => {
      throw new ArtifactError(dir, {
        expected: `the file ${name} that the manifest lists`,
        received: 'none',
        hint: 'The artifact is incomplete: copy the whole folder, or fit again.',
        cause,
      });
    });
    const sum = createHash('sha256').update(bytes).digest('hex');
    if (sum !== expected)
      throw new ArtifactError(dir, {
        expected: `${name} with SHA-256 ${expected}`,
        received: sum,
        hint: 'The file was changed or damaged: restore it, or fit again.',
      });
    if (name === WEIGHTS) tensors = decodeSafetensors(bytes).tensors;
    else files[name] = new Uint8Array(bytes);
  }
  return { manifest, tensors, files };
}

/**
 * Reads `manifest.json` of an artifact folder without its weights.
 *
 * @throws ArtifactError if there is none, or it is not one
 */
export async function readManifest(dir: string): Promise<ArtifactManifest> {
  const path = join(resolve(dir), MANIFEST);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ArtifactError(dir, {
      expected: `an artifact folder with ${MANIFEST}`,
      received: describeReadFailure(cause),
      hint: 'Check the path, or fit and save first.',
      cause,
    });
  });
  let manifest: Partial<ArtifactManifest>;
  try {
    manifest = JSON.parse(text) as Partial<ArtifactManifest>;
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: `JSON in ${MANIFEST}`,
      received: cause instanceof Error ? cause.message : 'something else',
      hint: 'The artifact is damaged: restore it, or fit again.',
      cause,
    });
  }
  if (
    manifest.format !== 'palate-artifact' ||
    typeof manifest.sha256 !== 'object' ||
    typeof manifest.kind !== 'string'
  )
    throw new ArtifactError(dir, {
      expected: `a ${MANIFEST} of Palate`,
      received: 'a manifest of something else',
      hint: 'Check the path.',
    });
  return manifest as ArtifactManifest;
}

function describeReadFailure(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code === 'ENOENT'
    ? 'nothing there'
    : String((cause as Error).message);
}
