import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selectBackend, T5, type T5Config, t5Config } from '@palate/nn';

const WORDS =
  'quiet drama space battle Film Recommend what comes next from the candidates What this person likes History oldest first Candidates';

/** Pieces of the tokenizer in the order of their ids: special ones, whole words, then signs and digits. */
export const PIECES = [
  ...['<pad>', '</s>', '<unk>', '▁'],
  ...WORDS.split(' ').map((word) => `▁${word}`),
  ...[...'.,:iab0123456789'],
];

/** Ids of pieces, by what they stand for. */
export const ids = (...pieces: string[]): number[] => pieces.map((piece) => PIECES.indexOf(piece));

/** The two families: v1.0, and v1.1 with Flan. */
export const FAMILIES = {
  'v1.0 (ReLU, tied)': { feed_forward_proj: 'relu', tie_word_embeddings: true },
  'v1.1 (gated GELU, untied)': { feed_forward_proj: 'gated-gelu', tie_word_embeddings: false },
} as const;

/** Tokens of the tables: like T5's, a few more than the tokenizer has. */
export const VOCABULARY = PIECES.length + 3;

const SPECIAL = PIECES.slice(0, 3);

/** The layout of T5's own tokenizer.json, with few pieces: the longer a known piece, the better. */
const TOKENIZER = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: SPECIAL.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: null,
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'WhitespaceSplit' },
      { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
    ],
  },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
    special_tokens: { '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] } },
  },
  decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  model: {
    type: 'Unigram',
    unk_id: 2,
    vocab: PIECES.map((piece, id) => [piece, id < SPECIAL.length ? 0 : piece.length > 1 ? -3 : -4]),
  },
};

/** Writes a HuggingFace folder of a tiny T5 with drawn weights. */
export async function writeTinyT5(dir: string, config: Partial<T5Config>, seed = 1): Promise<void> {
  await selectBackend();
  const t5 = new T5(
    t5Config(
      {
        vocab_size: VOCABULARY,
        d_model: 8,
        d_kv: 4,
        d_ff: 12,
        num_layers: 2,
        num_heads: 2,
        dropout_rate: 0,
        ...config,
      },
      dir,
    ),
    seed,
  );
  await t5.save(dir);
  t5.parameters.dispose();
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(TOKENIZER));
  await writeFile(
    join(dir, 'tokenizer_config.json'),
    JSON.stringify({
      tokenizer_class: 'T5Tokenizer',
      pad_token: '<pad>',
      eos_token: '</s>',
      unk_token: '<unk>',
      model_max_length: 512,
    }),
  );
}
