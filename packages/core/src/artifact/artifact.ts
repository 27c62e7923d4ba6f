import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArtifactError, InvalidInputError, PalateError } from '../basics/errors.js';
import { throwIfCancelled } from '../basics/progress.js';
import {
  checkReplaceable,
  previousOf,
  recoverPrevious,
  removeArtifact,
  throughLink,
} from './artifact-folder.js';
import { type ArtifactManifest, isPlainName, MANIFEST, readManifest, sealed } from './artifact-manifest.js';
import { writeFailure, writeFileDurably, writingName } from './atomic-file.js';
import { sweepLeftoverWrites } from './leftover-writes.js';
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
  /** Fingerprints of all that it was fitted on, stopped or chosen by, where that is more than `dataFingerprint`. */
  readonly fittedOn?: readonly string[] | undefined;
  /** Kept in `weights.safetensors`. */
  readonly tensors?: Readonly<Record<string, TensorData>> | undefined;
  /** Further files by plain name; what is large comes in pieces, of which one is held at a time. */
  readonly files?: Readonly<Record<string, ArtifactFile>> | undefined;
}

/** Content of a file of an artifact, as a whole or in pieces. */
export type ArtifactFile = Uint8Array | string | Iterable<Uint8Array>;

/** An artifact folder as read back, every checksum verified. */
export interface Artifact {
  readonly manifest: ArtifactManifest;
  readonly tensors: Readonly<Record<string, TensorData>>;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const WEIGHTS = 'weights.safetensors';

/**
 * Writes an artifact folder as a whole: into a temporary folder beside it that is then renamed, so that a kill
 * at any moment leaves the old artifact or the new one, never a mixture. Leftovers of killed writers are removed.
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
  const files: Record<string, ArtifactFile> = { ...contents.files };
  for (const name of Object.keys(files))
    if (!isPlainName(name) || name === MANIFEST || name === WEIGHTS)
      throw new InvalidInputError({
        expected: `plain file names other than ${MANIFEST} and ${WEIGHTS}`,
        received: JSON.stringify(name),
        hint: 'Rename the file.',
      });
  if (contents.tensors) files[WEIGHTS] = encodeSafetensors(contents.tensors);
  const written = new Map<string, WrittenFile>();
  const temporary = writingName(target);
  try {
    await mkdir(dirname(target), { recursive: true });
    await sweepLeftoverWrites(target);
    await mkdir(temporary);
    for (const name of Object.keys(files).sort())
      written.set(
        name,
        await writeHashed(join(temporary, name), files[name] ?? '', () =>
          throwIfCancelled(options.signal, `writing ${dir}`),
        ),
      );
    const manifest = manifestOf(contents, written);
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

/** Length and checksum of a file that was written. */
interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes a file durably, piece by piece. */
async function writeHashed(path: string, contents: ArtifactFile, check: () => void): Promise<WrittenFile> {
  const pieces =
    typeof contents === 'string'
      ? [Buffer.from(contents)]
      : contents instanceof Uint8Array
        ? [contents]
        : contents;
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(path, 'w');
  try {
    for (const piece of pieces) {
      check();
      hash.update(piece);
      bytes += piece.byteLength;
      await handle.writeFile(piece);
    }
    check();
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

function manifestOf(contents: ArtifactContents, written: ReadonlyMap<string, WrittenFile>): ArtifactManifest {
  const { kind, version, config, dataFingerprint, fittedOn } = contents;
  return sealed({
    format: 'palate-artifact',
    kind,
    version,
    config,
    dataFingerprint,
    fittedOn,
    sha256: Object.fromEntries([...written].map(([name, { sha256 }]) => [name, sha256])),
    bytes: Object.fromEntries([...written].map(([name, { bytes }]) => [name, bytes])),
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
  const manifest = await readManifestOf(dir, kind, version);
  const files: Record<string, Uint8Array> = {};
  let tensors: Record<string, TensorData> = {};
  for (const name of Object.keys(manifest.sha256)) {
    const bytes = await readListed(dir, name, manifest);
    if (name === WEIGHTS) tensors = decodeWeights(dir, bytes);
    else files[name] = bytes;
  }
  return { manifest, tensors, files };
}

/**
 * Verifies an artifact folder as {@link readArtifact} does without keeping its files in memory, for those that are read
 * as streams.
 *
 * @returns its manifest
 * @throws ArtifactError if the folder is missing, foreign, newer or damaged
 * @throws CancelledError if `signal` fires
 */
export async function verifyArtifact(
  dir: string,
  kind: string,
  version: number,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ArtifactManifest> {
  const manifest = await readManifestOf(dir, kind, version);
  for (const name of Object.keys(manifest.sha256)) {
    await checkLength(dir, name, manifest);
    const hash = createHash('sha256');
    for await (const piece of createReadStream(join(resolve(dir), name), { highWaterMark: 1 << 20 })) {
      throwIfCancelled(options.signal, `reading ${dir}`);
      hash.update(piece as Buffer);
    }
    checkSum(dir, name, hash.digest('hex'), manifest);
  }
  return manifest;
}

async function readManifestOf(dir: string, kind: string, version: number): Promise<ArtifactManifest> {
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
  return manifest;
}

function missingFile(dir: string, name: string): (cause: unknown) => never {
  return (cause) => {
    throw new ArtifactError(dir, {
      expected: `the file ${name} that the manifest lists`,
      received: 'none',
      hint: 'The artifact is incomplete: copy the whole folder, or fit again.',
      cause,
    });
  };
}

async function checkLength(dir: string, name: string, manifest: ArtifactManifest): Promise<void> {
  const { size } = await stat(join(resolve(dir), name)).catch(missingFile(dir, name));
  const length = manifest.bytes[name];
  if (size !== length)
    throw new ArtifactError(dir, {
      expected: `${name} of ${length} bytes`,
      received: `${size} bytes`,
      hint: 'The file was changed or cut: restore it, or fit again.',
    });
}

function checkSum(dir: string, name: string, sum: string, manifest: ArtifactManifest): void {
  if (sum !== manifest.sha256[name])
    throw new ArtifactError(dir, {
      expected: `${name} with SHA-256 ${manifest.sha256[name]}`,
      received: sum,
      hint: 'The file was changed or damaged: restore it, or fit again.',
    });
}

async function readListed(dir: string, name: string, manifest: ArtifactManifest): Promise<Uint8Array> {
  await checkLength(dir, name, manifest);
  const bytes = await readFile(join(resolve(dir), name)).catch(missingFile(dir, name));
  checkSum(dir, name, createHash('sha256').update(bytes).digest('hex'), manifest);
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
