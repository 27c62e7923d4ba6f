/*
 * Terms: a *part* is a recommender whose list is mixed with others; a *feature* is a number of a query; the *evidence* of a
 * part for an item is `-log(1 + rank)`, ranks from 0; a part's *weight* multiplies its evidence.
 */

/** Bounds of the logarithm of a weight. */
const MOST = 4;
const LEAST = -8;

/** Moments and rate of Adam. */
const [BETA_1, BETA_2, RATE] = [0.9, 0.99, 0.1];

/** A query with the items that some part listed, among which right ones are known. */
export interface GateExample {
  readonly features: Float64Array;
  /** Row-major, an item a row and a part a column. */
  readonly evidence: Float32Array;
  /** Rows of right items; none where no part listed one. */
  readonly right: readonly number[];
  /** Right items that no part listed. */
  readonly missed: number;
}

/** Weights of parts by the features of a query: `exp(bias + slopes * features)`, features at their mean 0 and spread 1. */
export class Gate {
  readonly parts: number;
  readonly features: number;
  /** Bias, then slopes, for each part. */
  readonly numbers: Float64Array;
  readonly means: Float64Array;
  readonly spreads: Float64Array;

  constructor(parts: number, numbers: Float64Array, means: Float64Array, spreads: Float64Array) {
    this.parts = parts;
    this.features = means.length;
    this.numbers = numbers;
    this.means = means;
    this.spreads = spreads;
  }

  /** Weight of each part. */
  weights(features: ArrayLike<number>): Float64Array {
    const width = this.features + 1;
    return Float64Array.from({ length: this.parts }, (_, part) => {
      let log = this.numbers[part * width]!;
      for (let k = 0; k < this.features; k++)
        log += (this.numbers[part * width + 1 + k]! * (features[k]! - this.means[k]!)) / this.spreads[k]!;
      return Math.exp(Math.min(MOST, Math.max(LEAST, log)));
    });
  }

  /** Scores of the items of a query, the sum of weighted evidence. */
  scores({ features, evidence }: Pick<GateExample, 'features' | 'evidence'>): Float64Array {
    const weights = this.weights(features);
    return Float64Array.from({ length: evidence.length / this.parts }, (_, item) => {
      let sum = 0;
      for (let part = 0; part < this.parts; part++)
        sum += weights[part]! * evidence[item * this.parts + part]!;
      return sum;
    });
  }

  /**
   * Learns weights under which right items are likely: the least mean of `-log softmax(scores)` at them, and `decay` times
   * the squares of the slopes, by Adam over all examples.
   */
  static learn(
    examples: readonly GateExample[],
    parts: number,
    { decay, steps }: { readonly decay: number; readonly steps: number },
  ): Gate {
    const [means, spreads] = spreadOf(examples);
    const numbers = new Float64Array(parts * (means.length + 1));
    const gate = new Gate(parts, numbers, means, spreads);
    const known = examples.filter(({ right }) => right.length > 0);
    if (known.length === 0) return gate;
    const [first, second] = [new Float64Array(numbers.length), new Float64Array(numbers.length)];
    for (let step = 1; step <= steps; step++) {
      const gradient = gate.#gradient(known);
      for (let k = 0; k < numbers.length; k++) {
        const isSlope = k % (means.length + 1) > 0;
        const own = gradient[k]! / known.length + (isSlope ? 2 * decay * numbers[k]! : 0);
        first[k] = BETA_1 * first[k]! + (1 - BETA_1) * own;
        second[k] = BETA_2 * second[k]! + (1 - BETA_2) * own * own;
        const size = Math.sqrt(second[k]! / (1 - BETA_2 ** step)) + 1e-8;
        numbers[k]! -= (RATE * first[k]!) / (1 - BETA_1 ** step) / size;
      }
    }
    return gate;
  }

  #gradient(examples: readonly GateExample[]): Float64Array {
    const { parts } = this;
    const width = this.features + 1;
    const gradient = new Float64Array(this.numbers.length);
    for (const example of examples) {
      const { features, evidence, right } = example;
      const weights = this.weights(features);
      const chances = softmax(this.scores(example));
      for (let part = 0; part < parts; part++) {
        let pull = 0;
        for (let item = 0; item < chances.length; item++)
          pull += chances[item]! * evidence[item * parts + part]!;
        for (const item of right) pull -= evidence[item * parts + part]! / right.length;
        const own = pull * weights[part]!;
        gradient[part * width]! += own;
        for (let k = 0; k < this.features; k++)
          gradient[part * width + 1 + k]! += (own * (features[k]! - this.means[k]!)) / this.spreads[k]!;
      }
    }
    return gradient;
  }
}

function softmax(scores: Float64Array): Float64Array {
  const largest = scores.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY);
  const raised = scores.map((each) => Math.exp(each - largest));
  const sum = raised.reduce((total, each) => total + each, 0);
  return raised.map((each) => each / sum);
}

/** Means and standard deviations of the features; a spread of 1 for one that is the same everywhere. */
function spreadOf(examples: readonly GateExample[]): [Float64Array, Float64Array] {
  const width = examples[0]?.features.length ?? 0;
  const [means, spreads] = [new Float64Array(width), new Float64Array(width)];
  for (const { features } of examples)
    for (let k = 0; k < width; k++) means[k]! += features[k]! / examples.length;
  for (const { features } of examples)
    for (let k = 0; k < width; k++) spreads[k]! += (features[k]! - means[k]!) ** 2 / examples.length;
  return [means, spreads.map((square) => (square > 1e-12 ? Math.sqrt(square) : 1))];
}
