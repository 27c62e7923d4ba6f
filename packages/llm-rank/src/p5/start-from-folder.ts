import { contentHash, disposedOnFailure, InvalidInputError, type TensorData } from '@palate/core';
import { T5 } from '@palate/nn';
import { readT5Folder } from '../t5-folder.js';
import type { IdNames } from './ids/id-names.js';
import { IdTokens } from './ids/id-tokens.js';
import type { P5Options } from './p5-options.js';

/** Options that a folder decides. */
const DECIDED = ['width', 'heads', 'inner', 'layers'] as const;

/** A pretrained T5 whose vocabulary has the names of users and items. */
export interface FolderStart {
  readonly tokens: IdTokens;
  readonly t5: T5;
  /** Tells folders apart, whatever their names. */
  readonly hash: string;
}

/**
 * Starts from a HuggingFace T5 folder: its tokenizer cuts the words; the pieces of names get tokens behind its own, which
 * start as the mean of the tokens that spell them.
 *
 * @throws MissingDependencyError if `@huggingface/transformers` is not installed
 * @throws ArtifactError if a file is missing, damaged or of another model
 * @throws InvalidInputError for options that the folder decides
 */
export async function startFromFolder(
  dir: string,
  names: readonly IdNames[],
  options: P5Options,
): Promise<FolderStart> {
  for (const name of DECIDED)
    if (options[name] !== undefined)
      throw new InvalidInputError({
        expected: `no ${name} beside startFrom`,
        received: String(options[name]),
        hint: `Leave out ${name}: the folder that the model starts from decides it.`,
      });
  const { tokens: base, config, values } = await readT5Folder(dir);
  const tokens = new IdTokens(base, names);
  const spelled = tokens.pieces.map((piece) => base.encode(piece.replace(/[<>~#_]/g, ' ').trim()));
  const size = Math.max(config.vocab_size, tokens.size);
  for (const name of ['shared.weight', 'lm_head.weight']) {
    const table = values[name];
    if (table) values[name] = withPieces(table, spelled, base.size, size);
  }
  const t5 = new T5({
    ...config,
    vocab_size: size,
    dropout_rate: options.dropout ?? config.dropout_rate,
  });
  await disposedOnFailure(t5, () => t5.parameters.assign(values, dir));
  return { tokens, t5, hash: contentHash([base.id, values]) };
}

/** A table of token vectors with the rows of pieces in it: means of the rows of the tokens that spell them. */
function withPieces(
  { shape, values }: TensorData,
  spelled: readonly Int32Array[],
  first: number,
  size: number,
): TensorData {
  const [, width = 0] = shape;
  const grown = new Float32Array(size * width);
  grown.set(values as Float32Array);
  for (const [k, tokens] of spelled.entries()) {
    const at = (first + k) * width;
    grown.fill(0, at, at + width);
    for (const token of tokens)
      for (let d = 0; d < width; d++) grown[at + d]! += Number(values[token * width + d]) / tokens.length;
  }
  return { shape: [size, width], values: grown };
}
