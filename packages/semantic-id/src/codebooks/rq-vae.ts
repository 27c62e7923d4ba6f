import {
  checkSavedNames,
  checkSavedShapes,
  type Disposable,
  defineOptions,
  disposedOnFailure,
  EmbeddingTable,
  InvalidInputError,
  joinProvenance,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  RandomStream,
} from '@palate/core';
import {
  type Batch,
  type EpochReport,
  fitNetwork,
  inverseSquareRootSchedule,
  selectBackend,
  shuffledBatches,
  trainingOptions,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { CODE_SHAPE, MINIMUM_USAGE, rowsOf, SAVED_WIDTH } from './check-vectors.js';
import { checkUsage, codeUsage } from './code-usage.js';
import type { Codebook, CodebookParts } from './codebook.js';
import { kMeans } from './k-means.js';
import { nearestCodes, subtractCentres } from './nearest-code.js';
import { CO_USE, RqVaeNetwork, type RqVaeShape } from './rq-vae-network.js';

const WIDTH = { min: 1, max: 65_536 } as const;

/** Options that shape the network. */
const NETWORK = {
  ...CODE_SHAPE,
  hidden: option.list(option.integer(WIDTH))({
    default: [512, 256, 128],
    doc: 'widths between the vectors and the latent space',
  }),
  latent: option.integer(WIDTH)({ default: 32, doc: 'width of the latent space' }),
  beta: option.number({ min: 0 })({ default: 0.25, doc: 'weight of the commitment loss' }),
} as const;

/** Options of {@link RqVae.fit}. */
export const RQ_VAE = defineOptions('RqVae.fit', {
  ...NETWORK,
  ...trainingOptions({
    epochs: { default: 200, doc: 'passes over the vectors' },
    batchSize: 1024,
    learningRate: { default: 1e-3, doc: 'step size of AdamW, which decays after a quarter of the steps' },
  }),
  coUse: option
    .value<EmbeddingTable>(
      'one vector per item (`EmbeddingTable`)',
      (value) => value instanceof EmbeddingTable,
    )
    .optional({
      doc: "co-use vectors of the same items, such as SASRec's; zeros where unknown. Training gives items used together similar codes; the codes themselves are computed from the other vectors alone",
    }),
  coUseWeight: option.number({ min: 0 })({
    default: 10,
    doc: 'weight of the contrastive loss between quantised vectors and `coUse`, relative to the reconstruction loss, a sum over the entries of a vector',
  }),
  minimumUsage: MINIMUM_USAGE,
});

/** Options of {@link RqVae.fit}; {@link RQ_VAE} says what each does. */
export type RqVaeOptions = OptionsOf<typeof RQ_VAE.declarations> & LongCallOptions;

const SAVED = defineOptions('RqVae', {
  ...NETWORK,
  width: SAVED_WIDTH,
  scale: option.number({ min: 0 }).required({ doc: 'factor that gives the vectors unit variance' }),
});

/** Rows encoded at once. */
const BLOCK = 4096;

/**
 * RQ-VAE (Zeghidour et al. 2021; TIGER, section 3.1): an autoencoder whose latent vector is written as a sum of codes,
 * each level quantising what the levels before it left over.
 *
 * Codebooks start from k-means over the residuals of the untrained encoder's latent vectors, level by level; codes
 * that no item uses after an epoch move to residuals that are badly quantised. Vectors are centred and scaled to unit
 * variance first.
 */
export class RqVae implements Codebook, Disposable {
  readonly kind = 'rq-vae';
  readonly levels: number;
  readonly size: number;
  readonly width: number;
  readonly provenance: Provenance;
  /** Loss, and usage and perplexity of each level, after each epoch; empty after loading. */
  readonly history: readonly EpochReport[];
  readonly #network: RqVaeNetwork;
  readonly #mean: Float32Array;
  readonly #scale: number;

  private constructor(
    network: RqVaeNetwork,
    mean: Float32Array,
    scale: number,
    history: readonly EpochReport[],
    provenance: Provenance,
  ) {
    this.provenance = provenance;
    this.levels = network.shape.levels;
    this.size = network.shape.size;
    this.width = network.shape.width;
    this.history = history;
    this.#network = network;
    this.#mean = mean;
    this.#scale = scale;
  }

  /**
   * @throws CodebookCollapseError if too few codes are used in the end
   * @throws InvalidInputError for unknown options or an empty table
   */
  static async fit(table: EmbeddingTable, options: RqVaeOptions = {}): Promise<RqVae> {
    const settings = RQ_VAE.settings(options);
    const { levels, size, hidden, latent, beta, epochs, learningRate, minimumUsage: minimum } = settings;
    const rows = rowsOf(table.data, table.width);
    if (rows === 0)
      throw new InvalidInputError({
        expected: 'vectors to fit on',
        received: 'none',
        hint: 'Pass a table with one vector for each item.',
      });
    const shape: RqVaeShape = { width: table.width, hidden, latent, levels, size, beta };
    const batchSize = Math.min(rows, settings.batchSize);
    await selectBackend();
    const seed = options.seed ?? 0;
    const random = new RandomStream(seed).fork('rq-vae');
    const { mean, scale } = centreAndScale(table.data, table.width);
    const coUse = settings.coUse && coUseRows(settings.coUse.align(table.ids));
    const provenance = settings.coUse
      ? joinProvenance([table.provenance, settings.coUse.provenance])
      : table.provenance;
    const network = new RqVaeNetwork(shape, random.fork('start'), settings.coUse?.width);
    const codebook = new RqVae(network, mean, scale, [], provenance);
    const vectors = codebook.#standardise(table.data);
    await startCodebooks(network, await latents(network, vectors), random.fork('k-means'));
    const history = await fitNetwork({
      parameters: network.parameters,
      settings,
      options,
      identity: RQ_VAE.identity(settings, table, seed),
      // Even rates wander at the end; the fall lets the codes settle.
      schedule: () =>
        inverseSquareRootSchedule(
          learningRate,
          Math.max(1, Math.ceil((epochs * rows) / batchSize / 4)),
          'constant',
        ),
      clipNorm: 1,
      batches: (_, stream) =>
        batchesOf({ x: vectors, ...(coUse ? { y: coUse } : {}) }, rows, batchSize, stream),
      loss: ({ x, y }) =>
        network.loss(x as tf.Tensor2D, y && { vectors: y as tf.Tensor2D, weight: settings.coUseWeight }),
      validation: {
        measure: (epoch) => reviveCodes(network, vectors, random.fork(`revival ${epoch}`), epoch < epochs),
      },
    });
    const fitted = new RqVae(network, mean, scale, history, provenance);
    return disposedOnFailure(fitted, async () => {
      checkUsage(await fitted.encode(table.data), levels, size, minimum);
      return fitted;
    });
  }

  #standardise(vectors: Float32Array): Float32Array {
    return vectors.map((value, at) => (value - this.#mean[at % this.width]!) * this.#scale);
  }

  async encode(vectors: Float32Array): Promise<Int32Array> {
    rowsOf(vectors, this.width);
    await selectBackend();
    const residual = await latents(this.#network, this.#standardise(vectors));
    return (await quantise(this.#network, residual)).codes;
  }

  /** Mean squared error of reconstructing vectors from their codes, as a share of their variance. */
  async reconstructionError(vectors: Float32Array): Promise<number> {
    const x = this.#standardise(vectors);
    const { sums } = await quantise(this.#network, await latents(this.#network, x));
    const { latent } = this.#network.shape;
    const back = tf.tidy(() => this.#network.decode(tf.tensor2d(sums, [sums.length / latent, latent])));
    const values = await back.data<'float32'>();
    back.dispose();
    let error = 0;
    let variance = 0;
    for (let at = 0; at < x.length; at++) {
      error += (x[at]! - values[at]!) ** 2;
      variance += x[at]! ** 2;
    }
    return error / variance;
  }

  async parts(): Promise<CodebookParts> {
    const weights = Object.entries(await this.#network.parameters.values());
    return {
      provenance: this.provenance,
      config: { ...this.#network.shape, scale: this.#scale },
      tensors: {
        ...Object.fromEntries(weights.filter(([name]) => !name.startsWith(`${CO_USE}.`))),
        mean: { shape: [this.width], values: this.#mean },
      },
    };
  }

  /** Rebuilds what {@link RqVae.parts} gave. */
  static async from({ config, tensors, provenance }: CodebookParts): Promise<RqVae> {
    await selectBackend();
    const { scale, ...shape } = SAVED.restored('the codebook', config);
    const widths = [shape.width, ...shape.hidden, shape.latent];
    checkSavedShapes('the codebook', tensors, {
      mean: [shape.width],
      [`codebook-${shape.levels}`]: [shape.size, shape.latent],
      ...Object.fromEntries(
        widths.slice(1).map((units, k) => [`encoder-${k + 1}.kernel`, [widths[k] as number, units]]),
      ),
    });
    const network = new RqVaeNetwork(shape, new RandomStream(0));
    const { mean, tuples, ...weights } = tensors;
    return disposedOnFailure(network.parameters, () => {
      checkSavedNames('the codebook', weights, network.parameters.names);
      network.parameters.assign(weights, 'the codebook');
      return new RqVae(network, mean?.values as Float32Array, scale, [], provenance);
    });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#network.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function centreAndScale(x: Float32Array, width: number): { mean: Float32Array; scale: number } {
  const rows = x.length / width;
  const mean = new Float32Array(width);
  for (let at = 0; at < x.length; at++) mean[at % width]! += x[at]! / rows;
  let square = 0;
  for (let at = 0; at < x.length; at++) square += (x[at]! - mean[at % width]!) ** 2;
  return { mean, scale: square > 0 ? Math.sqrt(x.length / square) : 1 };
}

/** Vectors of co-use at norm 1; zeros stay zeros. */
function coUseRows({ data, width }: EmbeddingTable): Float32Array {
  const rows = data.slice();
  for (let from = 0; from < rows.length; from += width) {
    let square = 0;
    for (let at = from; at < from + width; at++) square += rows[at]! ** 2;
    if (square > 0) for (let at = from; at < from + width; at++) rows[at]! /= Math.sqrt(square);
  }
  return rows;
}

/** @param columns - numbers of the rows by name, equally many a row */
function batchesOf(
  columns: Readonly<Record<string, Float32Array>>,
  count: number,
  batchSize: number,
  random: RandomStream,
): (() => Batch)[] {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const batches = shuffledBatches(rows, batchSize, random, (chosen) =>
    Object.fromEntries(
      Object.entries(columns).map(([name, all]) => {
        const width = all.length / count;
        const values = new Float32Array(batchSize * width);
        for (const [k, row] of chosen.entries())
          values.set(all.subarray(row * width, (row + 1) * width), k * width);
        return [name, { shape: [batchSize, width], values }];
      }),
    ),
  );
  // Whole batches only: every row has its turn in some epoch.
  return batches.slice(0, Math.floor(rows.length / batchSize));
}

/** Latent vectors of standardised ones. */
async function latents(network: RqVaeNetwork, x: Float32Array): Promise<Float32Array> {
  const { width, latent } = network.shape;
  const rows = x.length / width;
  const z = new Float32Array(rows * latent);
  for (let from = 0; from < rows; from += BLOCK) {
    const chunk = x.subarray(from * width, Math.min(rows, from + BLOCK) * width);
    const block = tf.tidy(() => network.encode(tf.tensor2d(chunk, [chunk.length / width, width])));
    z.set(await block.data<'float32'>(), from * latent);
    block.dispose();
  }
  return z;
}

/** Starts each level's codes from k-means over what the levels before it leave. */
async function startCodebooks(network: RqVaeNetwork, z: Float32Array, random: RandomStream): Promise<void> {
  const { latent, size } = network.shape;
  const residual = z.slice();
  for (const [level, codebook] of network.codebooks.entries()) {
    const { centres, codes } = kMeans(residual, latent, size, 20, random.fork(`level ${level}`));
    subtractCentres(residual, centres, codes, latent);
    assign(codebook, centres);
  }
}

interface Quantised {
  readonly codes: Int32Array;
  /** Sum of each row's codes. */
  readonly sums: Float32Array;
}

async function quantise(network: RqVaeNetwork, z: Float32Array): Promise<Quantised> {
  const { latent, levels } = network.shape;
  const residual = z.slice();
  const codes = new Int32Array((z.length / latent) * levels);
  for (const [level, codebook] of network.codebooks.entries()) {
    if (z.length === 0) break;
    const centres = (await codebook.data()) as Float32Array;
    const found = nearestCodes(residual, centres, latent).codes;
    for (const [row, code] of found.entries()) codes[row * levels + level] = code;
    subtractCentres(residual, centres, found, latent);
  }
  return { codes, sums: z.map((value, at) => value - residual[at]!) };
}

/**
 * Moves codes that no item uses to residuals of items that are far from their own code.
 *
 * @returns usage and perplexity of each level before that
 */
async function reviveCodes(
  network: RqVaeNetwork,
  vectors: Float32Array,
  random: RandomStream,
  revive: boolean,
): Promise<Readonly<Record<string, number>>> {
  const { latent, levels, size } = network.shape;
  const residual = await latents(network, vectors);
  const rows = residual.length / latent;
  const metrics: Record<string, number> = {};
  for (const [level, codebook] of network.codebooks.entries()) {
    const centres = Float32Array.from((await codebook.data()) as Float32Array);
    const { codes, distances } = nearestCodes(residual, centres, latent);
    const [own] = codeUsage(codes, 1, size);
    metrics[`usage-${level + 1}`] = own?.usage ?? 0;
    metrics[`perplexity-${level + 1}`] = own?.perplexity ?? 0;
    if (revive) {
      const used = new Uint8Array(size);
      for (const code of codes) used[code] = 1;
      const far = Array.from({ length: rows }, (_, row) => row)
        .filter((row) => distances[row]! > 0)
        .sort((a, b) => distances[b]! - distances[a]!)
        .slice(0, Math.max(size, Math.ceil(rows / 4)));
      random.fork(`level ${level + 1} of ${levels}`).shuffle(far);
      for (let code = 0; code < size; code++) {
        if (used[code]) continue;
        const row = far.pop();
        if (row !== undefined)
          centres.set(residual.subarray(row * latent, (row + 1) * latent), code * latent);
      }
      if (used.includes(0)) assign(codebook, centres);
    }
    subtractCentres(residual, centres, codes, latent);
  }
  return metrics;
}

function assign(variable: tf.Variable, values: Float32Array): void {
  const next = tf.tensor(values, variable.shape, 'float32');
  variable.assign(next);
  next.dispose();
}
