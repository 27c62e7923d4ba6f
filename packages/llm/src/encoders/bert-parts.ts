import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { ArtifactError, InvalidInputError, type TensorData } from '@palate/core';
import type { BertConfig } from './bert-config.js';
import type { EncoderParts, EncoderWeightNames } from './encoder-parts.js';
import { type OnnxWeights, readOnnxWeights } from './onnx-weights.js';
import {
  checkModelFolder,
  firstPositionOf,
  folderTokenizer,
  type Json,
  readJson,
  weightsHash,
} from './transformers-folder.js';
import { importTransformers } from './transformers-library.js';

/** Families whose computation is BERT's. */
const FAMILIES = ['bert', 'roberta', 'xlm-roberta', 'camembert'];

const ACTIVATIONS: Readonly<Record<string, BertConfig['activation']>> = {
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  relu: 'relu',
};

function configOf(path: string, json: Json): BertConfig {
  const activation = ACTIVATIONS[String(json.hidden_act ?? 'gelu')];
  if (!FAMILIES.includes(String(json.model_type)) || activation === undefined)
    throw new InvalidInputError({
      expected: `a model of ${FAMILIES.join(', ')} in ${path}, with one of ${Object.keys(ACTIVATIONS).join(', ')}`,
      received: `${JSON.stringify(json.model_type)} with ${JSON.stringify(json.hidden_act)}`,
      hint: 'Use another folder, or encode with transformersEncoder.',
    });
  const size = (name: keyof BertConfig): number => {
    const value = json[name];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 1e7) return value;
    throw new InvalidInputError({
      expected: `a whole number for ${name} in ${join(path, 'config.json')}`,
      received: JSON.stringify(value) ?? 'none',
      hint: 'Copy the whole folder of the model.',
    });
  };
  return {
    hidden_size: size('hidden_size'),
    num_hidden_layers: size('num_hidden_layers'),
    num_attention_heads: size('num_attention_heads'),
    intermediate_size: size('intermediate_size'),
    max_position_embeddings: size('max_position_embeddings'),
    vocab_size: size('vocab_size'),
    layer_norm_eps: typeof json.layer_norm_eps === 'number' ? json.layer_norm_eps : 1e-12,
    activation,
    firstPosition: firstPositionOf(json),
  };
}

/** Names of the weights of one layer's linear maps. */
const LINEAR = [
  'attention.self.query',
  'attention.self.key',
  'attention.self.value',
  'attention.output.dense',
  'intermediate.dense',
  'output.dense',
];
const NORMS = ['attention.output.LayerNorm', 'output.LayerNorm'];

/** Weights by the names of HuggingFace without prefix; kernels as `[inputs, units]`. */
function weightsOf(path: string, onnx: OnnxWeights, config: BertConfig): Record<string, TensorData> {
  const makers = new Map(onnx.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  /** A constant, through the copies by which exporters share equal ones. */
  const constant = (name: string): TensorData | undefined => {
    const found = onnx.constants.get(name);
    if (found) return found;
    const node = makers.get(name);
    return node?.type === 'Identity' && node.inputs[0] !== undefined ? constant(node.inputs[0]) : undefined;
  };
  const names = new Set([...onnx.constants.keys(), ...makers.keys()]);
  /** The full name of a weight, whatever its prefix. */
  const full = (name: string): string =>
    names.has(name) ? name : ([...names].find((each) => each.endsWith(`.${name}`)) ?? name);
  const weights: Record<string, TensorData> = {};
  const take = (name: string, tensor: TensorData | undefined, shape: readonly number[]): void => {
    if (tensor?.shape.join() !== shape.join())
      throw new ArtifactError(path, {
        expected: `the weight ${name} of shape [${shape.join(', ')}] in 32-bit floats`,
        received: tensor ? `shape [${tensor.shape.join(', ')}]` : 'none',
        hint: 'Export the encoder without its head, in fp32 and without fusing its layers.',
      });
    weights[name] = tensor;
  };
  const { hidden_size: width, intermediate_size: inner } = config;
  const named = (name: string, shape: readonly number[]): void => take(name, constant(full(name)), shape);
  named('embeddings.word_embeddings.weight', [config.vocab_size, width]);
  named('embeddings.position_embeddings.weight', [config.max_position_embeddings, width]);
  const types = constant(full('embeddings.token_type_embeddings.weight'));
  take('embeddings.token_type_embeddings.weight', types, [types?.shape[0] ?? 1, width]);
  for (const part of ['weight', 'bias']) named(`embeddings.LayerNorm.${part}`, [width]);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const own = `encoder.layer.${layer}`;
    for (const norm of NORMS) for (const part of ['weight', 'bias']) named(`${own}.${norm}.${part}`, [width]);
    for (const map of LINEAR) {
      const name = `${own}.${map}`;
      const [inputs, units] = [
        map === 'output.dense' ? inner : width,
        map === 'intermediate.dense' ? inner : width,
      ];
      named(`${name}.bias`, [units]);
      // Kernels lose their names where they are stored transposed: the map is the one whose result the bias is added to.
      const bias = full(`${name}.bias`);
      const sum = onnx.nodes.find(({ type, inputs: given }) => type === 'Add' && given.includes(bias));
      const product = makers.get(sum?.inputs.find((input) => input !== bias) ?? '');
      const kernel = product?.inputs.map(constant).find((tensor) => tensor !== undefined);
      take(`${name}.kernel`, kernel, [inputs, units]);
    }
  }
  return weights;
}

/** Weights that may be trained: the embeddings and the lower half of the layers, and the upper half. */
function namesOf({ num_hidden_layers: layers }: BertConfig, weights: object): EncoderWeightNames {
  const half = Math.floor(layers / 2);
  const isUpper = (name: string): boolean => Number(/^encoder\.layer\.(\d+)\./.exec(name)?.[1] ?? -1) >= half;
  const all = Object.keys(weights);
  return {
    fixed: [],
    lower: all.filter((name) => !isUpper(name)),
    upper: all.filter(isUpper),
    head: [],
  };
}

/**
 * Takes an encoder of a folder apart whose architecture is BERT's (BERT, RoBERTa, XLM-RoBERTa, CamemBERT), to be trained
 * further: the folders that `transformersEncoder` reads, with an ONNX file in fp32. Its vectors are means of the states.
 *
 * @param model - the folder
 * @throws MissingDependencyError if `@huggingface/transformers`, which reads the tokenizer, is not installed
 * @throws InvalidInputError or ArtifactError for another architecture, or files that are missing or damaged
 */
export async function bertParts(model: string): Promise<EncoderParts> {
  const path = resolve(model);
  const library = await importTransformers('the parts of a BERT-like encoder');
  await checkModelFolder(path, 'fp32');
  const file = join(path, 'onnx', 'model.onnx');
  const config = configOf(path, (await readJson(join(path, 'config.json'))) ?? {});
  const weights = weightsOf(file, readOnnxWeights(await readFile(file), file), config);
  const tokenizer = await folderTokenizer(library, path);
  // Tensors are loaded when they are asked for, not with the package.
  const { BertTransformer } = await import('./bert-transformer.js');
  const most = config.max_position_embeddings - config.firstPosition;
  return {
    id: `bert:${basename(path)}@${await weightsHash(path, 'fp32')}`,
    width: config.hidden_size,
    inputWidth: config.hidden_size,
    maxTokens: Math.min(512, most),
    mostPositions: most,
    tokenize: (text) => Int32Array.from(tokenizer.encode(text)),
    vocabularySize: config.vocab_size,
    weights,
    names: namesOf(config, weights),
    running: (given) => new BertTransformer(given, config),
  };
}
