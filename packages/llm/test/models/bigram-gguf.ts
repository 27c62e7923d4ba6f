import { writeFile } from 'node:fs/promises';

/** Characters of the language, in the clothes of a SentencePiece vocabulary. */
const CHARACTERS = [...'▁abcd.{}[]":,0123456789', 'n'];
const TOKENS = [
  '<unk>',
  '<s>',
  '</s>',
  ...Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
  ...CHARACTERS,
];
/** Width of a model whose token vectors are one-hot. */
const WIDTH = Math.ceil(TOKENS.length / 32) * 32;
const INNER = 32;

/** Probabilities of what follows a character, as far as they are said; the others share the rest. */
export const NEXT: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  a: { b: 0.7, c: 0.2 },
  b: { c: 0.6, a: 0.3 },
  c: { '</s>': 0.8, d: 0.1 },
};
const AFTER_OTHERS = { a: 0.5 };

type Value = string | number | boolean;
/** An entry of the header: name, type and value, or a list of such. */
type Entry = readonly [name: string, type: keyof typeof KINDS, value: Value | readonly Value[]];

const number =
  (size: number, write: (buffer: Buffer, value: number) => void) =>
  (value: Value): Buffer => {
    const buffer = Buffer.alloc(size);
    write(buffer, Number(value));
    return buffer;
  };
const u32 = number(4, (buffer, value) => buffer.writeUInt32LE(value));
const u64 = number(8, (buffer, value) => buffer.writeBigUInt64LE(BigInt(value)));
const text = (value: Value): Buffer => {
  const bytes = Buffer.from(String(value), 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
};
const KINDS = {
  u32: [4, u32],
  i32: [5, number(4, (buffer, value) => buffer.writeInt32LE(value))],
  f32: [6, number(4, (buffer, value) => buffer.writeFloatLE(value))],
  bool: [7, (value: Value) => Buffer.from([value === true ? 1 : 0])],
  text: [8, text],
} as const;

/** The bytes of a GGUF file (version 3) with tensors of float32. */
function gguf(
  entries: readonly Entry[],
  tensors: readonly (readonly [string, readonly number[], Float32Array])[],
): Buffer {
  const padded = (bytes: Buffer): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((32 - (bytes.length % 32)) % 32)]);
  const head = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const [name, type, value] of entries) {
    const [code, write] = KINDS[type];
    head.push(text(name));
    if (Array.isArray(value))
      head.push(u32(9), u32(code), u64(value.length), ...value.map((each: Value) => write(each)));
    else head.push(u32(code), write(value as Value));
  }
  const data: Buffer[] = [];
  let offset = 0;
  for (const [name, shape, values] of tensors) {
    const bytes = padded(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    head.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset));
    data.push(bytes);
    offset += bytes.length;
  }
  return Buffer.concat([padded(Buffer.concat(head)), ...data]);
}

/**
 * Writes a language model whose every probability can be read off a table: a Markov chain over characters in the clothes
 * of a Llama, whose one layer does nothing.
 */
export async function writeBigramGguf(
  path: string,
  options: { readonly chatTemplate?: string } = {},
): Promise<void> {
  const vectors = new Float32Array(TOKENS.length * WIDTH);
  const logits = new Float32Array(TOKENS.length * WIDTH);
  for (const [at, token] of TOKENS.entries()) {
    // The norm before the output leaves a vector of mean square 1 as it is.
    vectors[at * WIDTH + at] = Math.sqrt(WIDTH);
    const next: Readonly<Record<string, number>> = NEXT[token] ?? AFTER_OTHERS;
    const said = Object.values(next).reduce((sum, chance) => sum + chance, 0);
    const rest = (1 - said) / (TOKENS.length - Object.keys(next).length);
    for (const [to, other] of TOKENS.entries())
      logits[to * WIDTH + at] = Math.log(next[other] ?? rest) / Math.sqrt(WIDTH);
  }
  const ones = new Float32Array(WIDTH).fill(1);
  const square = new Float32Array(WIDTH * WIDTH);
  const narrow = new Float32Array(WIDTH * INNER);
  const layer = (name: string, shape: readonly number[], values: Float32Array) =>
    [`blk.0.${name}.weight`, shape, values] as const;
  await writeFile(
    path,
    gguf(
      [
        ['general.architecture', 'text', 'llama'],
        ['general.name', 'text', 'bigram'],
        ['general.file_type', 'u32', 0],
        ['llama.context_length', 'u32', 1024],
        ['llama.embedding_length', 'u32', WIDTH],
        ['llama.block_count', 'u32', 1],
        ['llama.feed_forward_length', 'u32', INNER],
        ['llama.attention.head_count', 'u32', 1],
        ['llama.attention.head_count_kv', 'u32', 1],
        ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-6],
        ['llama.rope.dimension_count', 'u32', WIDTH],
        ['llama.vocab_size', 'u32', TOKENS.length],
        ['tokenizer.ggml.model', 'text', 'llama'],
        ['tokenizer.ggml.tokens', 'text', TOKENS],
        ['tokenizer.ggml.scores', 'f32', TOKENS.map((_, at) => -at)],
        // Unknown, control, bytes, ordinary.
        [
          'tokenizer.ggml.token_type',
          'i32',
          TOKENS.map((_, at) => (at === 0 ? 2 : at < 3 ? 3 : at < 259 ? 6 : 1)),
        ],
        ['tokenizer.ggml.bos_token_id', 'u32', 1],
        ['tokenizer.ggml.eos_token_id', 'u32', 2],
        ['tokenizer.ggml.unknown_token_id', 'u32', 0],
        ['tokenizer.ggml.add_bos_token', 'bool', true],
        ['tokenizer.ggml.add_eos_token', 'bool', false],
        ['tokenizer.ggml.add_space_prefix', 'bool', false],
        ...(options.chatTemplate === undefined
          ? []
          : [['tokenizer.chat_template', 'text', options.chatTemplate] as const]),
      ],
      [
        ['token_embd.weight', [WIDTH, TOKENS.length], vectors],
        ['output_norm.weight', [WIDTH], ones],
        ['output.weight', [WIDTH, TOKENS.length], logits],
        layer('attn_norm', [WIDTH], ones),
        ...['attn_q', 'attn_k', 'attn_v', 'attn_output'].map((name) => layer(name, [WIDTH, WIDTH], square)),
        layer('ffn_norm', [WIDTH], ones),
        layer('ffn_gate', [WIDTH, INNER], narrow),
        layer('ffn_up', [WIDTH, INNER], narrow),
        layer('ffn_down', [INNER, WIDTH], narrow),
      ],
    ),
  );
}
