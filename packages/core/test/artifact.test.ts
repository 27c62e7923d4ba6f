import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ArtifactError, readArtifact, readManifest, writeArtifact } from '../src/index.js';

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
