import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderTokens, readTextTokens } from '../../src/index.js';

const FIXTURE = fileURLToPath(new URL('../fixtures/sentence-piece', import.meta.url));
/** Ids by sentencepiece 0.2.2 itself, of the model that it trained on a few sentences. */
const expected = JSON.parse(await readFile(join(FIXTURE, 'expected.json'), 'utf8')) as {
  readonly size: number;
  readonly texts: readonly { readonly text: string; readonly ids: readonly number[] }[];
};

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'palate-spiece-'));
  await copyFile(join(FIXTURE, 'spiece.model'), join(dir, 'spiece.model'));
  await writeFile(join(dir, 'config.json'), '{"model_type":"t5"}');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('a folder with spiece.model alone gives the ids of SentencePiece', async () => {
  const tokens = await folderTokens(dir);
  expect([tokens.padding, tokens.end]).toEqual([0, 1]);
  // T5's hundred sentinels stand behind the pieces.
  expect(tokens.size).toBe(expected.size + 100);
  for (const { text, ids } of expected.texts) expect(Array.from(tokens.encode(text)), text).toEqual(ids);
  expect(tokens.decode(tokens.encode('user_37 watched a quiet drama'))).toBe('user_37 watched a quiet drama');
  const again = await readTextTokens(dir, { files: tokens.files() });
  expect(again.id).toBe(tokens.id);
  expect(Array.from(again.encode('old western'))).toEqual(Array.from(tokens.encode('old western')));
});

test('a file that is no SentencePiece model, or damaged, is refused', async () => {
  const bytes = await readFile(join(FIXTURE, 'spiece.model'));
  const refused = async (content: Uint8Array, message: RegExp): Promise<void> => {
    await writeFile(join(dir, 'spiece.model'), content);
    await expect(folderTokens(dir)).rejects.toThrow(message);
  };
  await refused(bytes.subarray(0, 700), /a file of SentencePiece/);
  await refused(Buffer.from('a text'), /SentencePiece/);
  await refused(new Uint8Array(0), /pieces in the file/);
  await rm(join(dir, 'spiece.model'));
  await expect(folderTokens(dir)).rejects.toThrow(/tokenizer.json or spiece.model/);
});
