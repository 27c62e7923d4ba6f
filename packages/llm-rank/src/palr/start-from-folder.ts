import { createHash } from 'node:crypto';
import { type Dataset, disposedOnFailure, InvalidInputError, type TensorData } from '@palate/core';
import type { TextTokens } from '@palate/llm';
import { T5, type T5Config } from '@palate/nn';
import { titleFields } from '../descriptive-fields.js';
import { readT5Folder } from '../t5-folder.js';
import type { LocalRankerConfig, LocalRankerOptions } from './local-ranker-options.js';
import type { RankerStart } from './ranker-model.js';
import { TokenizerVocabulary } from './tokenizer-vocabulary.js';

/** Step size where a pretrained model is tuned, as HuggingFace's page on T5 advises for AdamW. */
const LEARNING_RATE = 3e-4;

/**
 * Starts a ranker from a HuggingFace T5 folder.
 *
 * The tables of input and output vectors get a row an item after the folder's own, which is the mean of the rows of
 * the tokens of its title (of all its texts, in a catalogue without titles); an item without words starts from the
 * mean of all tokens. All other weights are the folder's.
 *
 * @throws MissingDependencyError if `@huggingface/transformers` is not installed
 * @throws ArtifactError if a file is missing, damaged or of another model
 * @throws InvalidInputError for options that contradict the folder
 */
export async function startFromFolder(
  dir: string,
  dataset: Dataset,
  options: LocalRankerOptions,
  defaults: LocalRankerConfig,
): Promise<RankerStart> {
  if (options.vectors)
    throw new InvalidInputError({
      expected: 'no vectors beside startFrom, since items start from the words of their titles',
      received: `vectors of width ${options.vectors.width}`,
      hint: 'Leave out vectors or startFrom.',
    });
  const { tokens: tokenizer, config: folder, values } = await readT5Folder(dir);
  refuseContradictions(dir, folder, options);
  const titles = titleTokens(dataset, tokenizer);
  for (const name of ['shared.weight', 'lm_head.weight']) {
    const table = values[name];
    if (table) values[name] = withItemRows(table, titles, tokenizer.size);
  }
  const dropout = options.dropout ?? folder.dropout_rate;
  const t5 = new T5({
    ...folder,
    vocab_size: folder.vocab_size + titles.length,
    dropout_rate: dropout,
  });
  await disposedOnFailure(t5.parameters, () => t5.parameters.assign(values, dir));
  return {
    config: {
      ...defaults,
      dimension: t5.config.d_model,
      blocks: t5.config.num_layers,
      heads: t5.config.num_heads,
      dropout,
      learningRate: options.learningRate ?? LEARNING_RATE,
      t5: t5.config,
    },
    vocabulary: new TokenizerVocabulary(tokenizer, dataset.log.items, t5.config),
    t5,
    // The folder may be replaced by another of its name.
    hash: hashOf(values, tokenizer),
  };
}

function refuseContradictions(dir: string, folder: T5Config, options: LocalRankerOptions): void {
  const has: readonly (readonly ['dimension' | 'blocks' | 'heads', keyof T5Config])[] = [
    ['dimension', 'd_model'],
    ['blocks', 'num_layers'],
    ['blocks', 'num_decoder_layers'],
    ['heads', 'num_heads'],
  ];
  for (const [name, field] of has)
    if (options[name] !== undefined && options[name] !== folder[field])
      throw new InvalidInputError({
        expected: `no ${name}, or ${String(folder[field])}, which is ${field} of ${dir}`,
        received: String(options[name]),
        hint: `Leave out ${name}: the folder that the ranker starts from determines it.`,
      });
}

/** Tokens of the title of each item, by its index. */
function titleTokens({ log, catalog }: Dataset, tokenizer: TextTokens): number[][] {
  const fields = titleFields(catalog);
  return Array.from({ length: log.items.size }, (_, item) =>
    Array.from(tokenizer.encode(catalog.itemText(item, fields))),
  );
}

/** A table with a row more for each item: the mean of the rows of its tokens, or else of all `known` ones. */
function withItemRows(
  { shape, values }: TensorData,
  tokens: readonly (readonly number[])[],
  known: number,
): TensorData {
  const [rows = 0, width = 0] = shape;
  const grown = new Float32Array((rows + tokens.length) * width);
  grown.set(values as Float32Array);
  let all: Float64Array | undefined;
  for (const [item, own] of tokens.entries()) {
    if (own.length === 0)
      all ??= meanRow(
        grown,
        width,
        Array.from({ length: known }, (_, token) => token),
      );
    grown.set(own.length > 0 ? meanRow(grown, width, own) : (all as Float64Array), (rows + item) * width);
  }
  return { shape: [rows + tokens.length, width], values: grown };
}

function meanRow(table: Float32Array, width: number, rows: readonly number[]): Float64Array {
  const mean = new Float64Array(width);
  for (const row of rows) for (let k = 0; k < width; k++) mean[k]! += table[row * width + k]! / rows.length;
  return mean;
}

function hashOf(values: Readonly<Record<string, TensorData>>, tokenizer: TextTokens): string {
  const hash = createHash('sha256').update(JSON.stringify(tokenizer.files()));
  for (const name of Object.keys(values).sort()) {
    const { buffer, byteOffset, byteLength } = (values[name] as TensorData).values;
    hash.update(name).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest('hex');
}
