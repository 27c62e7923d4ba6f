import { spawnSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  ArtifactError,
  artifactTensor,
  prefixedTensors,
  readArtifact,
  readManifest,
  type TensorExpectation,
  tensorsUnder,
  verifyArtifact,
  writeArtifact,
} from '../src/index.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-artifact-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const contents = {
  kind: 'ease',
  version: 2,
  config: { lambda: 500 },
  dataFingerprint: 'abc',
  tensors: { b: { shape: [2], values: Float32Array.of(1, 2) } },
  files: { 'items.json': '["x","y"]' },
};

test('an artifact comes back as it was written', async () => {
  const dir = join(root, 'deep', 'ease');
  await writeArtifact(dir, contents);
  const artifact = await readArtifact(dir, 'ease', 2);
  expect(artifact.manifest).toMatchObject({
    kind: 'ease',
    version: 2,
    config: { lambda: 500 },
    dataFingerprint: 'abc',
  });
  expect(artifact.tensors).toEqual(contents.tensors);
  expect(Buffer.from(artifact.files['items.json'] ?? []).toString()).toBe('["x","y"]');
  expect((await readdir(dir)).sort()).toEqual(['items.json', 'manifest.json', 'weights.safetensors']);
  expect((await readManifest(dir)).sha256['items.json']).toMatch(/^[0-9a-f]{64}$/);
});

test('equal contents give equal bytes', async () => {
  await writeArtifact(join(root, 'a'), contents);
  await writeArtifact(join(root, 'b'), contents);
  for (const name of await readdir(join(root, 'a')))
    expect(await readFile(join(root, 'a', name))).toEqual(await readFile(join(root, 'b', name)));
});

test('another kind, a newer version, a missing file, a changed byte and a foreign folder are each an error', async () => {
  const dir = join(root, 'ease');
  await writeArtifact(dir, contents);
  await expect(readArtifact(dir, 'iknn', 2)).rejects.toThrow(/kind "iknn", but received "ease"/);
  await expect(readArtifact(dir, 'ease', 1)).rejects.toThrow(/version 1 to 1 of ease, but received 2/);
  const weights = join(dir, 'weights.safetensors');
  const bytes = await readFile(weights);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(weights, bytes);
  await expect(readArtifact(dir, 'ease', 2)).rejects.toThrow(/weights.safetensors with SHA-256/);
  await rm(weights);
  await expect(readArtifact(dir, 'ease', 2)).rejects.toThrow(/weights.safetensors that the manifest lists/);
  await expect(readArtifact(root, 'ease', 2)).rejects.toBeInstanceOf(ArtifactError);
  await writeFile(join(root, 'manifest.json'), '{"name":"a web app"}');
  await expect(readArtifact(root, 'ease', 2)).rejects.toThrow(/manifest of something else/);
  await writeFile(join(root, 'manifest.json'), '{"name"');
  await expect(readArtifact(root, 'ease', 2)).rejects.toThrow(/JSON in manifest.json/);
});

test('a folder of something else is never replaced, and names that leave the folder are refused', async () => {
  await writeFile(join(root, 'letter.txt'), 'keep');
  await expect(writeArtifact(root, contents)).rejects.toThrow(/nothing was written/);
  for (const name of ['../escape', 'a/b', 'manifest.json', '.hidden'])
    await expect(writeArtifact(join(root, 'x'), { ...contents, files: { [name]: '' } })).rejects.toThrow(
      /plain file names/,
    );
  expect(await readdir(root)).toEqual(['letter.txt']);
});

test('a cancelled write leaves the old artifact and no trace of the new one', async () => {
  const dir = join(root, 'ease');
  await writeArtifact(dir, contents);
  await expect(
    writeArtifact(dir, { ...contents, config: { lambda: 1 } }, { signal: AbortSignal.abort() }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect((await readArtifact(dir, 'ease', 2)).manifest.config).toEqual({ lambda: 500 });
  expect(await readdir(root)).toEqual(['ease']);
});

test('a writer killed between its two renames loses nothing', async () => {
  const dir = join(root, 'ease');
  await writeArtifact(dir, contents);
  // The state such a kill leaves: the old folder stepped aside, the new one still under its temporary name.
  await rename(dir, `${dir}.previous`);
  await mkdir(`${dir}.writing-1-00`);
  expect((await readArtifact(dir, 'ease', 2)).manifest.config).toEqual({ lambda: 500 });
  await writeArtifact(dir, { ...contents, config: { lambda: 2 } });
  expect((await readArtifact(dir, 'ease', 2)).manifest.config).toEqual({ lambda: 2 });
});

test('a changed setting, a cut file and a manifest without checksum are each told before anything is used', async () => {
  const dir = join(root, 'ease');
  await writeArtifact(dir, contents);
  const path = join(dir, 'manifest.json');
  const manifest = await readFile(path, 'utf8');
  await writeFile(path, manifest.replace('500', '400'));
  await expect(readArtifact(dir, 'ease', 2)).rejects.toThrow(/checksum does not match/);
  const { checksum: _, ...old } = JSON.parse(manifest) as Record<string, unknown>;
  await writeFile(path, JSON.stringify(old));
  await expect(readArtifact(dir, 'ease', 2)).rejects.toThrow(/older version/);
  for (const broken of [
    'null',
    '[]',
    '7',
    JSON.stringify({ ...JSON.parse(manifest), sha256: { '../x': 'a'.repeat(64) } }),
    JSON.stringify({ ...JSON.parse(manifest), sha256: null }),
    JSON.stringify({ ...JSON.parse(manifest), bytes: { 'items.json': -1 } }),
    JSON.stringify({ ...JSON.parse(manifest), version: 'two' }),
  ]) {
    await writeFile(path, broken);
    await expect(readArtifact(dir, 'ease', 2)).rejects.toBeInstanceOf(ArtifactError);
  }
  await writeFile(path, manifest);
  await writeFile(join(dir, 'items.json'), '["x"]');
  await expect(readArtifact(dir, 'ease', 2)).rejects.toThrow(/items.json of 9 bytes, but received 5/);
});

test('nothing that Palate did not write is deleted: foreign files, other kinds, other manifests', async () => {
  const dir = join(root, 'model');
  await writeArtifact(dir, contents);
  await expect(writeArtifact(dir, { ...contents, kind: 'item-knn' })).rejects.toThrow(/kind "ease"/);
  await writeFile(join(dir, 'thesis.txt'), 'three years of work');
  await expect(writeArtifact(dir, { ...contents, config: { lambda: 1 } })).rejects.toThrow(/"thesis.txt"/);
  expect(await readFile(join(dir, 'thesis.txt'), 'utf8')).toBe('three years of work');
  expect((await readArtifact(dir, 'ease', 2)).manifest.config).toEqual({ lambda: 500 });

  const app = join(root, 'app');
  await mkdir(app);
  await writeFile(join(app, 'manifest.json'), '{"name":"a web app"}');
  await expect(writeArtifact(app, contents)).rejects.toThrow(/nothing was written/);

  const next = join(root, 'next');
  await writeArtifact(next, contents);
  await mkdir(`${next}.previous`);
  await writeFile(join(`${next}.previous`, 'notes.txt'), 'mine');
  await expect(writeArtifact(next, contents)).rejects.toBeInstanceOf(ArtifactError);
  expect(await readFile(join(`${next}.previous`, 'notes.txt'), 'utf8')).toBe('mine');
  expect((await readdir(root)).sort()).toEqual(['app', 'model', 'next', 'next.previous']);
});

test('an empty folder is taken; what killed writers left is swept, what a running one writes is not', async () => {
  const dir = join(root, 'ease');
  await mkdir(dir);
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  await mkdir(`${dir}.writing-${ended}-0123abcd`);
  await writeFile(join(`${dir}.writing-${ended}-0123abcd`, 'weights.safetensors'), 'half');
  await mkdir(`${dir}.writing-${process.pid}-0123abcd`);
  await mkdir(`${dir}.writing-notes`);
  await writeArtifact(dir, contents);
  expect((await readdir(root)).sort()).toEqual(
    ['ease', `ease.writing-${process.pid}-0123abcd`, 'ease.writing-notes'].sort(),
  );
});

test('a path that cannot be written is an artifact error with the cause', async () => {
  await writeFile(join(root, 'file'), '');
  const failure = writeArtifact(join(root, 'file', 'ease'), contents);
  await expect(failure).rejects.toBeInstanceOf(ArtifactError);
  await expect(failure).rejects.toMatchObject({ code: 'artifact' });
});

test('a tensor is taken out only with the type, shape and bounds that its loader relies on', () => {
  const tensors = {
    rows: { shape: [2, 2], values: Int32Array.of(0, 1, 2, 3) },
    bad: { shape: [2], values: Float32Array.of(1, Number.NaN) },
  };
  const take = (name: string, expectation: TensorExpectation<'int32' | 'float32'>) => () =>
    artifactTensor('dir', tensors, name, expectation);
  expect(take('rows', { type: 'int32', shape: [2, undefined], min: 0, max: 3 })().values).toEqual(
    tensors.rows.values,
  );
  expect(take('rows', { type: 'int32', shape: [2, 2], max: 2 })).toThrow(/3 at position 3/);
  expect(take('rows', { type: 'int32', shape: [4] })).toThrow(/shape \[2, 2\]/);
  expect(take('rows', { type: 'float32', shape: [2, 2] })).toThrow(/Int32Array/);
  expect(take('bad', { type: 'float32', shape: [2] })).toThrow(/NaN at position 1/);
  expect(take('toString', { type: 'float32', shape: [] })).toThrow(/received none/);
});

test('a link to a folder is written through, stays a link, and finds the artifact of a killed writer', async () => {
  const [folder, link] = [join(root, 'versions', 'one'), join(root, 'current')];
  await mkdir(folder, { recursive: true });
  await symlink(join('versions', 'one'), link);
  await writeArtifact(link, contents);
  await writeArtifact(link, { ...contents, config: { lambda: 7 } });
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect((await readArtifact(folder, 'ease', 2)).manifest.config).toEqual({ lambda: 7 });
  expect((await readArtifact(link, 'ease', 2)).manifest.config).toEqual({ lambda: 7 });
  expect((await readdir(root)).sort()).toEqual(['current', 'versions']);
  expect(await readdir(join(root, 'versions'))).toEqual(['one']);
  // Killed between its two renames.
  await rename(folder, `${folder}.previous`);
  expect((await readArtifact(link, 'ease', 2)).manifest.config).toEqual({ lambda: 7 });
});

test('a file written in pieces is the same artifact as one written whole, and is verified as a stream', async () => {
  const pieces = ['["x"', ',', '"y"]'].map((piece) => Buffer.from(piece));
  const [whole, piecewise] = [join(root, 'whole'), join(root, 'pieces')];
  await writeArtifact(whole, contents);
  await writeArtifact(piecewise, { ...contents, files: { 'items.json': pieces } });
  expect(await readManifest(piecewise)).toEqual(await readManifest(whole));
  expect(await verifyArtifact(piecewise, 'ease', 2)).toEqual(await readManifest(whole));
  await writeFile(join(piecewise, 'items.json'), '["x","z"]');
  await expect(verifyArtifact(piecewise, 'ease', 2)).rejects.toThrow(/SHA-256/);
  await expect(verifyArtifact(whole, 'ials', 2)).rejects.toThrow(/kind "ials"/);
  await expect(verifyArtifact(whole, 'ease', 2, { signal: AbortSignal.abort() })).rejects.toThrow(
    expect.objectContaining({ code: 'cancelled' }),
  );
});

test('pieces that fail leave nothing behind', async () => {
  function* failing(): Generator<Uint8Array> {
    yield Buffer.from('a');
    throw new Error('no more');
  }
  const dir = join(root, 'ease');
  await expect(writeArtifact(dir, { ...contents, files: { 'items.json': failing() } })).rejects.toThrow(
    'no more',
  );
  expect(await readdir(root)).toEqual([]);
});

test('tensors that are kept under a prefix come back from among others by it', () => {
  const own = { b: { shape: [2], values: Float32Array.of(1, 2) } };
  const kept = { ...prefixedTensors(own, 'model/'), 'best/b': { shape: [1], values: Float32Array.of(3) } };
  expect(Object.keys(kept)).toEqual(['model/b', 'best/b']);
  expect(tensorsUnder(kept, 'model/')).toEqual(own);
  expect(tensorsUnder(kept, 'optimiser/')).toEqual({});
});
