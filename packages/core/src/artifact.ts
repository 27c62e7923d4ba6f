import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  checkReplaceable,
  previousOf,
  recoverPrevious,
  removeArtifact,
  throughLink,
} from './artifact-folder.js';
import { type ArtifactManifest, isPlainName, MANIFEST, readManifest, sealed } from './artifact-manifest.js';
import { writeFailure, writeFileDurably, writingName } from './atomic-file.js';
import { ArtifactError, InvalidInputError, PalateError } from './errors.js';
import { sweepLeftoverWrites } from './leftover-writes.js';
import { throwIfCancelled } from './progress.js';
import { decodeSafetensors, encodeSafetensors, type TensorData } from './safetensors.js';

/** Contents of an artifact folder. */
export interface ArtifactContents {
  /** Kind of artifact, for example `"ease"`; a folder of another kind is refused on reading. */
  readonly kind: string;
  /** Version of the kind's format, a whole number from 1. */
  readonly version: number;
  /** Plain JSON: everything needed to rebuild beside weights and files. */
  readonly config: unknown;
  /** `fingerprint` of the data it was fitted on. */
  readonly dataFingerprint?: string | undefined;
  /** Kept in `weights.safetensors`. */
  readonly tensors?: Readonly<Record<string, TensorData>> | undefined;
  /** Further files by plain name. */
  readonly files?: Readonly<Record<string, Uint8Array | string>> | undefined;
}

/** An artifact folder as read back, every checksum verified. */
export interface Artifact {
  readonly manifest: ArtifactManifest;
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const WEIGHTS = 'weights.safetensors';

/**
 * Writes an artifact folder as a whole: into a temporary folder beside it that is then renamed, so that a kill
 * at any moment leaves the old artifact or the new one, never a mixture. What killed writers left is swept.
 *
 * @param dir - the folder; its parents are made; an artifact of the same kind that is already there is replaced. Where
 *   it is a link to a folder, that folder is written and the link stays
 * @throws ArtifactError if `dir` exists and is something else, an artifact of another kind, or holds files that Palate
 *   did not write; or if the disk refuses. What was there before is as it was
 * @throws CancelledError if `signal` fires before the rename
 */
export async function writeArtifact(
  dir: string,
  contents: ArtifactContents,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  // A link would be renamed in place of the folder that it leads to.
  const target = await throughLink(dir);
  await recoverPrevious(target);
  await checkReplaceable(target, contents.kind);
  const files: Record<string, Uint8Array | string> = { ...contents.files };
  for (const name of Object.keys(files))
    if (!isPlainName(name) || name === MANIFEST || name === WEIGHTS)
      throw new InvalidInputError({
        expected: `plain file names other than ${MANIFEST} and ${WEIGHTS}`,
        received: JSON.stringify(name),
        hint: 'Rename the file.',
      });
  if (contents.tensors) files[WEIGHTS] = encodeSafetensors(contents.tensors);
  const manifest = manifestOf(contents, files);
  const temporary = writingName(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await sweepLeftoverWrites(target);
    await mkdir(temporary);
    for (const [name, bytes] of Object.entries(files)) {
      throwIfCancelled(options.signal, `writing ${dir}`);
      await writeFileDurably(join(temporary, name), bytes);
    }
    await writeFileDurably(join(temporary, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    throwIfCancelled(options.signal, `writing ${dir}`);
    await takePlace(temporary, target, contents.kind);
  } catch (error) {
    for (const name of [...Object.keys(files), MANIFEST])
      await unlink(join(temporary, name)).catch(() => undefined);
    await rmdir(temporary).catch(() => undefined);
    throw writeFailure(dir, error);
  }
}

function manifestOf(
  contents: ArtifactContents,
  files: Readonly<Record<string, Uint8Array | string>>,
): ArtifactManifest {
  const names = Object.keys(files).sort();
  const { kind, version, config, dataFingerprint } = contents;
  return sealed({
    format: 'palate-artifact',
    kind,
    version,
    config,
    dataFingerprint,
    sha256: Object.fromEntries(
      names.map((name) => [
        name,
        createHash('sha256')
          .update(files[name] ?? '')
          .digest('hex'),
      ]),
    ),
    bytes: Object.fromEntries(names.map((name) => [name, Buffer.byteLength(files[name] ?? '')])),
  });
}

/** A folder cannot be replaced in one step: the old one steps aside under a name that reading knows. */
async function takePlace(temporary: string, target: string, kind: string): Promise<void> {
  const previous = previousOf(target);
  if (await checkReplaceable(target, kind)) {
    await removeArtifact(previous, kind);
    await rename(target, previous);
  }
  await rename(temporary, target);
  await removeArtifact(previous, kind);
}

/**
 * Reads an artifact folder and verifies kind, version, the manifest's checksum, and length and checksum of every file.
 *
 * @param kind - what it has to be
 * @param version - the newest format version that the caller understands; newer ones are refused
 * @throws ArtifactError if the folder is missing, foreign, newer or damaged
 */
export async function readArtifact(dir: string, kind: string, version: number): Promise<Artifact> {
  await recoverPrevious(await throughLink(dir));
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
  for (const name of Object.keys(manifest.sha256)) {
    const bytes = await readListed(dir, name, manifest);
    if (name === WEIGHTS) tensors = decodeWeights(dir, bytes);
    else files[name] = bytes;
  }
  return { manifest, tensors, files };
}

async function readListed(dir: string, name: string, manifest: ArtifactManifest): Promise<Uint8Array> {
  const path = join(resolve(dir), name);
  const missing = (cause: unknown): never => {
    throw new ArtifactError(dir, {
      expected: `the file ${name} that the manifest lists`,
      received: 'none',
      hint: 'The artifact is incomplete: copy the whole folder, or fit again.',
      cause,
    });
  };
  const { size } = await stat(path).catch(missing);
  const length = manifest.bytes[name];
  if (size !== length)
    throw new ArtifactError(dir, {
      expected: `${name} of ${length} bytes`,
      received: `${size} bytes`,
      hint: 'The file was changed or cut: restore it, or fit again.',
    });
  const bytes = await readFile(path).catch(missing);
  const sum = createHash('sha256').update(bytes).digest('hex');
  if (sum !== manifest.sha256[name])
    throw new ArtifactError(dir, {
      expected: `${name} with SHA-256 ${manifest.sha256[name]}`,
      received: sum,
      hint: 'The file was changed or damaged: restore it, or fit again.',
    });
  return bytes;
}

function decodeWeights(dir: string, bytes: Uint8Array): Record<string, TensorData> {
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (error) {
    if (!PalateError.is(error)) throw error;
    throw new ArtifactError(dir, {
      expected: `${WEIGHTS} in the safetensors format`,
      received: error.received,
      hint: error.hint,
      cause: error,
    });
  }
}
