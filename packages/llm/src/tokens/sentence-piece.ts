import { ArtifactError } from '@palate/core';
import type { Json } from '../encoders/transformers-folder.js';
import { fieldsOf, type ProtobufField } from './protobuf-fields.js';

/** Kinds of pieces, by the numbers of SentencePiece's format. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;
/** The only kind of model whose pieces are chosen by their scores. */
const UNIGRAM = 1;

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: number;
}

/**
 * Turns a file of SentencePiece (`spiece.model`: `ModelProto` of its `sentencepiece_model.proto`) into the content of a
 * `tokenizer.json`, as T5's own is laid out: words at white space, pieces with their scores, and the end token behind a text.
 *
 * @param sentinels - tokens `<extra_id_0>` and so on that T5 has behind its pieces, the last first
 * @param source - what the message names
 * @throws ArtifactError if it is no such file, or its model is not of the unigram kind
 */
export function sentencePieceTokenizer(bytes: Uint8Array, sentinels: number, source: string): Json {
  const refuse = (expected: string, received: string, cause?: unknown): never => {
    throw new ArtifactError(source, {
      expected,
      received,
      hint: 'Save the fast tokenizer beside it (save_pretrained of AutoTokenizer writes tokenizer.json).',
      cause,
    });
  };
  let pieces: readonly Piece[];
  let kind = UNIGRAM;
  let hasBytes = false;
  let rules = new Uint8Array(0);
  try {
    const model = fieldsOf(bytes);
    pieces = model.filter(({ number }) => number === 1).map(({ value }) => pieceOf(value));
    for (const { number, value } of fieldsOf(messageOf(model, 2))) {
      if (number === 3) kind = Number(value);
      if (number === 35) hasBytes = Number(value) !== 0;
    }
    const normalizer = fieldsOf(messageOf(model, 3)).find(({ number }) => number === 2)?.value;
    if (normalizer instanceof Uint8Array) rules = Uint8Array.from(normalizer);
  } catch (cause) {
    return refuse('a file of SentencePiece', (cause as Error).message, cause);
  }
  if (pieces.length === 0) refuse('pieces in the file of SentencePiece', 'none');
  if (kind !== UNIGRAM || hasBytes || pieces.some((piece) => piece.kind === BYTE))
    refuse(
      'a unigram model without bytes, as T5 has',
      kind === UNIGRAM ? 'bytes as pieces' : `a model of kind ${kind}`,
    );
  const unknown = pieces.findIndex((piece) => piece.kind === UNKNOWN);
  const end = pieces.findIndex(({ text }) => text === '</s>');
  if (unknown < 0 || end < 0) refuse('the pieces of the unknown and of the end </s>', 'a file without them');
  const added = (id: number, content: string, special: boolean): Json => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special,
  });
  const spaces = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      ...pieces.flatMap(({ text, kind: own }, id) =>
        own === UNKNOWN || own === CONTROL || own === USER_DEFINED
          ? [added(id, text, own !== USER_DEFINED)]
          : [],
      ),
      ...Array.from({ length: sentinels }, (_, k) =>
        added(pieces.length + k, `<extra_id_${sentinels - 1 - k}>`, true),
      ),
    ],
    normalizer:
      rules.length === 0
        ? null
        : { type: 'Precompiled', precompiled_charsmap: Buffer.from(rules).toString('base64') },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, spaces] },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '</s>', type_id: 0 } }],
      pair: [
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: '</s>', type_id: 0 } },
        { Sequence: { id: 'B', type_id: 0 } },
        { SpecialToken: { id: '</s>', type_id: 0 } },
      ],
      special_tokens: { '</s>': { id: '</s>', ids: [end], tokens: ['</s>'] } },
    },
    decoder: spaces,
    model: { type: 'Unigram', unk_id: unknown, vocab: pieces.map(({ text, score }) => [text, score]) },
  };
}

/** The bytes of a nested message; none where it is left out. */
function messageOf(fields: readonly ProtobufField[], number: number): Uint8Array {
  const value = fields.find((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

function pieceOf(value: ProtobufField['value']): Piece {
  if (!(value instanceof Uint8Array)) throw new TypeError('a piece that is not a message');
  let text = '';
  let score = 0;
  let kind = 1;
  for (const { number, value: own } of fieldsOf(value)) {
    if (number === 1 && own instanceof Uint8Array)
      text = new TextDecoder('utf-8', { fatal: true }).decode(own);
    if (number === 2 && own instanceof Uint8Array)
      score = new DataView(own.buffer, own.byteOffset, own.byteLength).getFloat32(0, true);
    if (number === 3) kind = Number(own);
  }
  return { text, score, kind };
}
