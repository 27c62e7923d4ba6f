import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeOnnx } from '@palate/tfjs-backend-ort';

/** Words of the language; the first ends a text. */
export const WORDS = ['<end>', 'the', 'film', 'is', 'good', 'bad', '.'] as const;

/** Probability of the next word (column) after a word (row): all that the model knows. */
export const NEXT: readonly (readonly number[])[] = [
  [0.01, 0.8, 0.1, 0.02, 0.03, 0.03, 0.01],
  [0.01, 0.01, 0.9, 0.02, 0.03, 0.02, 0.01],
  [0.05, 0.01, 0.02, 0.8, 0.05, 0.05, 0.02],
  [0.01, 0.02, 0.02, 0.05, 0.6, 0.29, 0.01],
  [0.1, 0.02, 0.03, 0.02, 0.02, 0.01, 0.8],
  [0.1, 0.02, 0.03, 0.02, 0.01, 0.02, 0.8],
  [0.7, 0.2, 0.02, 0.02, 0.02, 0.02, 0.02],
];

/**
 * Writes a causal language model whose every probability can be read off a table: a Markov chain in ONNX, in
 * the clothes of GPT-2 (inputs, key-value cache, tokenizer), as the library loads them.
 */
export async function writeBigramModel(dir: string, options: { chatTemplate?: string } = {}): Promise<void> {
  const bytes = (values: Float32Array | BigInt64Array): Uint8Array => new Uint8Array(values.buffer);
  const logits = Float32Array.from(NEXT.flat(), Math.log);
  const cache = [1, 1, 'past', 1];
  const model = encodeOnnx({
    name: 'bigram',
    initializers: [
      { name: 'table', type: 'float32', shape: [WORDS.length, WORDS.length], bytes: bytes(logits) },
      { name: 'cacheShape', type: 'int64', shape: [4], bytes: bytes(BigInt64Array.of(1n, 1n, -1n, 1n)) },
    ],
    nodes: [
      { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['logits'] },
      // The cache holds the ids themselves: only its length matters, to the library.
      { op: 'Cast', inputs: ['input_ids'], outputs: ['ids'], attributes: { to: 1 } },
      { op: 'Reshape', inputs: ['ids', 'cacheShape'], outputs: ['newest'] },
      ...['key', 'value'].map((kind) => ({
        op: 'Concat',
        inputs: [`past_key_values.0.${kind}`, 'newest'],
        outputs: [`present.0.${kind}`],
        attributes: { axis: 2 },
      })),
    ],
    inputs: [
      { name: 'input_ids', type: 'int64', shape: [1, 'length'] },
      ...['key', 'value'].map((kind) => ({
        name: `past_key_values.0.${kind}`,
        type: 'float32' as const,
        shape: cache,
      })),
    ],
    outputs: [
      { name: 'logits', type: 'float32', shape: [1, 'length', WORDS.length] },
      ...['key', 'value'].map((kind) => ({
        name: `present.0.${kind}`,
        type: 'float32' as const,
        shape: cache,
      })),
    ],
  });
  const vocab = Object.fromEntries(WORDS.map((word, id) => [word, id]));
  const files: Record<string, unknown> = {
    'config.json': {
      model_type: 'gpt2',
      architectures: ['GPT2LMHeadModel'],
      vocab_size: WORDS.length,
      n_layer: 1,
      n_head: 1,
      n_embd: 1,
      n_positions: 40,
      eos_token_id: 0,
    },
    'generation_config.json': { eos_token_id: 0 },
    'tokenizer_config.json': {
      tokenizer_class: 'PreTrainedTokenizerFast',
      eos_token: '<end>',
      unk_token: '<end>',
      clean_up_tokenization_spaces: false,
      ...(options.chatTemplate && { chat_template: options.chatTemplate }),
    },
    'tokenizer.json': {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [
        {
          id: 0,
          content: '<end>',
          special: true,
          single_word: false,
          lstrip: false,
          rstrip: false,
          normalized: false,
        },
      ],
      normalizer: null,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      post_processor: null,
      decoder: null,
      model: { type: 'WordLevel', vocab, unk_token: '<end>' },
    },
  };
  await mkdir(join(dir, 'onnx'), { recursive: true });
  await writeFile(join(dir, 'onnx', 'model.onnx'), model);
  for (const [name, content] of Object.entries(files))
    await writeFile(join(dir, name), JSON.stringify(content));
}
