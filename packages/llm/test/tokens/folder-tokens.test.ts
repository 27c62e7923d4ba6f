import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderTokens, readTextTokens } from '../../src/index.js';

let dir: string;
// A unigram model as T5 has one: pieces with their scores, words marked by U+2581.
const PIECES = [
  ['<pad>', 0],
  ['</s>', 0],
  ['<unk>', -10],
  ['▁sea', -1],
  ['▁red', -1],
  ['s', -2],
  ['▁', -3],
];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'folder-tokens-'));
  const special = (content: string, id: number) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const tokenizer = {
    version: '1.0',
    added_tokens: [special('<pad>', 0), special('</s>', 1), special('<unk>', 2)],
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    post_processor: null,
    decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    model: { type: 'Unigram', unk_id: 2, vocab: PIECES },
  };
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(
    join(dir, 'config.json'),
    JSON.stringify({ model_type: 't5', vocab_size: 16, eos_token_id: 1, pad_token_id: 0 }),
  );
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test("a folder's vocabulary cuts texts into its pieces and joins them again", async () => {
  const tokens = await folderTokens(dir);
  expect([...tokens.encode('red seas')]).toEqual([4, 3, 5]);
  expect(tokens.decode([4, 3, 5, tokens.end as number, tokens.padding]).trim()).toBe('red seas');
  expect(tokens).toMatchObject({ end: 1, padding: 0, size: 7 });
});

test('it is rebuilt from its files', async () => {
  const tokens = await folderTokens(dir);
  const again = await readTextTokens(dir, { files: tokens.files() });
  expect(again.id).toBe(tokens.id);
  expect(again.encode('sea')).toEqual(tokens.encode('sea'));
  // As `readArtifact` gives them, beside what is no part of a vocabulary.
  const bytes = Object.entries(tokens.files()).map(([name, text]) => [name, new TextEncoder().encode(text)]);
  const read = await readTextTokens(dir, { files: { 'items.json': '[]', ...Object.fromEntries(bytes) } });
  expect(read.id).toBe(tokens.id);
  expect(read.files()).toEqual(tokens.files());
  const { 'tokenizer.json': tokenizer = '' } = tokens.files();
  await expect(readTextTokens(dir, { files: { 'tokenizer.json': tokenizer } })).rejects.toThrow(
    /tokenizer_config\.json.*no such file/s,
  );
});

test('a folder without a tokenizer is told', async () => {
  await expect(folderTokens(tmpdir())).rejects.toThrow(/tokenizer\.json/);
});
