import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ArtifactError } from '../basics/errors.js';
import { isObject } from '../basics/options.js';
import { contentHash } from '../settings/content-hash.js';

/** Name of the file that makes a folder an artifact. */
export const MANIFEST = 'manifest.json';

/** `manifest.json` of an artifact folder. */
export interface ArtifactManifest {
  readonly format: 'palate-artifact';
  readonly kind: string;
  readonly version: number;
  readonly config: unknown;
  readonly dataFingerprint?: string | undefined;
  /** Fingerprints of all that it was fitted on, stopped or chosen by, where that is more than `dataFingerprint`. */
  readonly fittedOn?: readonly string[] | undefined;
  /** SHA-256 of each file beside the manifest, in hexadecimal. */
  readonly sha256: Readonly<Record<string, string>>;
  /** Length of each file in bytes: what is longer or shorter is refused before it is read. */
  readonly bytes: Readonly<Record<string, number>>;
  /** `contentHash` of all the rest of the manifest, so that a changed setting is found out. */
  readonly checksum: string;
}

/** Completes a manifest by its checksum. */
export function sealed(manifest: Omit<ArtifactManifest, 'checksum'>): ArtifactManifest {
  return { ...manifest, checksum: contentHash(throughJson(manifest)) };
}

/** The value as it comes back from a file, so that the checksum of what is written is that of what is read. */
function throughJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Whether a name is one of a file directly in a folder. */
export function isPlainName(name: string): boolean {
  return (
    name === basename(name) &&
    name !== '' &&
    !name.startsWith('.') &&
    !/[\\\0]/.test(name) &&
    name !== '__proto__'
  );
}

/**
 * Reads `manifest.json` of an artifact folder without its weights, and verifies its checksum.
 *
 * @throws ArtifactError if there is none, or it is not one, or it was changed
 */
export async function readManifest(dir: string): Promise<ArtifactManifest> {
  const manifest = await readForeignManifest(dir);
  const { checksum, ...rest } = manifest;
  if (checksum === undefined)
    throw new ArtifactError(dir, {
      expected: `a ${MANIFEST} with a checksum`,
      received: 'one of an older version of Palate',
      hint: 'Fit and save again with this version.',
    });
  if (checksum !== contentHash(rest))
    throw new ArtifactError(dir, {
      expected: `a ${MANIFEST} as it was written`,
      received: 'one whose checksum does not match',
      hint: 'The manifest was changed or damaged: restore it, or fit again.',
    });
  return manifest as ArtifactManifest;
}

/**
 * Reads a manifest of any version, of which the checksum is not verified: enough to identify a folder.
 *
 * @throws ArtifactError if there is none, or it is not one of Palate
 */
export async function readForeignManifest(
  dir: string,
): Promise<
  Omit<ArtifactManifest, 'checksum' | 'bytes'> & Partial<Pick<ArtifactManifest, 'checksum' | 'bytes'>>
> {
  const path = join(resolve(dir), MANIFEST);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ArtifactError(dir, {
      expected: `an artifact folder with ${MANIFEST}`,
      received: describeReadFailure(cause),
      hint: 'Check the path, or fit and save first.',
      cause,
    });
  });
  let manifest: Partial<ArtifactManifest> | null;
  try {
    manifest = JSON.parse(text) as Partial<ArtifactManifest> | null;
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: `JSON in ${MANIFEST}`,
      received: cause instanceof Error ? cause.message.slice(0, 200) : 'something else',
      hint: 'The artifact is damaged: restore it, or fit again.',
      cause,
    });
  }
  const isTable = (value: unknown, of: (each: unknown) => boolean): boolean =>
    isObject(value) && Object.values(value).every(of);
  if (
    typeof manifest !== 'object' ||
    manifest === null ||
    manifest.format !== 'palate-artifact' ||
    typeof manifest.kind !== 'string' ||
    !Number.isSafeInteger(manifest.version) ||
    !isTable(manifest.sha256, (sum) => typeof sum === 'string' && /^[0-9a-f]{64}$/.test(sum)) ||
    !Object.keys(manifest.sha256 ?? {}).every(isPlainName) ||
    (manifest.dataFingerprint !== undefined && typeof manifest.dataFingerprint !== 'string') ||
    (manifest.fittedOn !== undefined &&
      !(Array.isArray(manifest.fittedOn) && manifest.fittedOn.every((each) => typeof each === 'string'))) ||
    (manifest.checksum !== undefined &&
      (!isTable(manifest.bytes, (size) => Number.isSafeInteger(size) && (size as number) >= 0) ||
        Object.keys(manifest.sha256 ?? {}).some((name) => manifest?.bytes?.[name] === undefined)))
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
