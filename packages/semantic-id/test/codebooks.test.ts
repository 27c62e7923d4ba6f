import { EmbeddingTable, IdMap, RandomStream } from '@palate/core';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { kMeans } from '../src/codebooks/k-means.js';
import { nearestCodes } from '../src/codebooks/nearest-code.js';
import { RqVaeNetwork } from '../src/codebooks/rq-vae-network.js';
import {
  type Codebook,
  CodebookCollapseError,
  codeUsage,
  LshCodebook,
  RandomCodebook,
  RqKMeans,
  RqVae,
} from '../src/index.js';

/** Points around `groups` centres, each again in `groups` small groups: two levels of structure. */
export function nestedTable(rows: number, groups: number, width = 8, seed = 3): EmbeddingTable {
  const random = new RandomStream(seed);
  const draw = (count: number, deviation: number) =>
    Float32Array.from({ length: count * width }, () => deviation * random.normal());
  const coarse = draw(groups, 4);
  const fine = draw(groups * groups, 1);
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const a = row % groups;
    const b = Math.floor(row / groups) % groups;
    for (let k = 0; k < width; k++)
      data[row * width + k] =
        (coarse[a * width + k] as number) +
        (fine[(a * groups + b) * width + k] as number) +
        0.02 * random.normal();
  }
  return new EmbeddingTable(new IdMap(Array.from({ length: rows }, (_, row) => `i${row}`)), width, data);
}

beforeAll(async () => {
  await selectBackend('ort');
});

describe('nearestCodes', () => {
  it('finds the nearest centre and its squared distance', () => {
    const { codes, distances } = nearestCodes(Float32Array.of(0, 0, 3, 1), Float32Array.of(1, 1, 3, 0), 2);
    expect([...codes]).toEqual([0, 1]);
    expect([...distances]).toEqual([2, 1]);
  });
});

describe('kMeans', () => {
  it('finds separate groups and leaves no centre unused', () => {
    const table = nestedTable(300, 3);
    const { codes } = kMeans(table.data, table.width, 9, 30, new RandomStream(1));
    const groups = new Map<string, Set<number>>();
    for (const [row, code] of codes.entries()) {
      const key = `${row % 3}/${Math.floor(row / 3) % 3}`;
      groups.set(key, (groups.get(key) ?? new Set()).add(code));
    }
    expect(new Set(codes).size).toBe(9);
    for (const own of groups.values()) expect(own.size).toBe(1);
  });
});

describe('codeUsage', () => {
  it('is that of hand-counted codes', () => {
    // First level: 0, 0, 1, 1; second level: 2 throughout.
    const [first, second] = codeUsage(Int32Array.of(0, 2, 0, 2, 1, 2, 1, 2), 2, 4);
    expect(first).toEqual({ usage: 0.5, entropy: Math.log(2), perplexity: expect.closeTo(2, 9) as number });
    expect(second).toEqual({ usage: 0.25, entropy: 0, perplexity: 1 });
  });
});

const fits: Record<string, (table: EmbeddingTable, seed: number) => Promise<Codebook>> = {
  RqKMeans: (table, seed) => RqKMeans.fit(table, { levels: 2, size: 4, seed }),
  RqVae: (table, seed) =>
    RqVae.fit(table, { levels: 2, size: 4, hidden: [16], latent: 4, epochs: 30, batchSize: 64, seed }),
  LshCodebook: (table, seed) => LshCodebook.fit(table, { levels: 2, size: 4, seed }),
  RandomCodebook: (table, seed) => RandomCodebook.fit(table, { levels: 2, size: 4, seed }),
};

for (const [name, fit] of Object.entries(fits))
  describe(name, () => {
    const table = nestedTable(256, 4);

    it('gives the same codes when fitted again, and codes of new vectors without fitting', async () => {
      const first = await fit(table, 5);
      const again = await fit(table, 5);
      const codes = await first.encode(table.data);
      expect(codes).toEqual(await again.encode(table.data));
      expect(await first.encode(table.data.slice(0, 8))).toEqual(codes.slice(0, 2));
      expect(await first.encode(new Float32Array(0))).toHaveLength(0);
      expect(Math.max(...codes)).toBeLessThan(4);
    });

    it('refuses vectors of another width and values that are not finite', async () => {
      const codebook = await fit(table, 5);
      await expect(codebook.encode(new Float32Array(9))).rejects.toMatchObject({ code: 'invalid-input' });
      await expect(codebook.encode(new Float32Array(8).fill(Number.NaN))).rejects.toMatchObject({
        code: 'invalid-input',
      });
    });

    it('refuses options that it does not know', async () => {
      const wrong = { ...{}, sizes: 3 } as never;
      const fitters = { RqKMeans, RqVae, LshCodebook, RandomCodebook };
      await expect(fitters[name as keyof typeof fitters].fit(table, wrong)).rejects.toMatchObject({
        code: 'invalid-input',
      });
    });
  });

describe('residual codebooks', () => {
  it('find groups on the first level and groups within them on the second', async () => {
    const table = nestedTable(256, 4);
    const codes = await (await RqKMeans.fit(table, { levels: 2, size: 4 })).encode(table.data);
    const first = new Map<number, Set<number>>();
    for (let row = 0; row < 256; row++)
      first.set(row % 4, (first.get(row % 4) ?? new Set()).add(codes[2 * row] as number));
    expect([...first.values()].every((own) => own.size === 1)).toBe(true);
    expect(new Set([...first.values()].flatMap((own) => [...own])).size).toBe(4);
  });

  it('lose less with more levels', async () => {
    const table = nestedTable(256, 4);
    const error = async (levels: number): Promise<number> => {
      const codebook = await RqVae.fit(table, {
        levels,
        size: 4,
        hidden: [16],
        latent: 4,
        epochs: 60,
        batchSize: 64,
        minimumUsage: 0.5,
      });
      return codebook.reconstructionError(table.data);
    };
    const [one, three] = [await error(1), await error(3)];
    expect(three).toBeLessThan(one);
    expect(three).toBeLessThan(0.3);
  });

  it('refuse a collapsed codebook and say how much of each level is used', async () => {
    const same = new EmbeddingTable(
      new IdMap(['a', 'b', 'c', 'd']),
      2,
      Float32Array.of(1, 0, 1, 0, 1, 0, 0, 1),
    );
    const failure = await RqKMeans.fit(same, { levels: 1, size: 4 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CodebookCollapseError);
    expect((failure as CodebookCollapseError).levels.map(({ usage }) => usage)).toEqual([0.5]);
    await expect(RqKMeans.fit(same, { levels: 1, size: 4, minimumUsage: 0.5 })).resolves.toBeDefined();
  });
});

describe('the loss of an RQ-VAE', () => {
  it('is the paper’s on numbers computed by hand, with gradients where it says', () => {
    // Identity networks: one linear layer each, so that x = z and x' is the sum of the codes.
    const network = new RqVaeNetwork(
      { width: 1, hidden: [], latent: 1, levels: 2, size: 2, beta: 0.25 },
      new RandomStream(0),
    );
    const set = (name: string, values: number[], shape: number[]) =>
      network.parameters.get(name).assign(tf.tensor(values, shape));
    set('encoder-1.kernel', [1], [1, 1]);
    set('decoder-1.kernel', [1], [1, 1]);
    set('codebook-1', [2, -5], [2, 1]);
    set('codebook-2', [0.5, -0.5], [2, 1]);
    // x = 3: the first code is 2, the rest 1; the second is 0.5, the rest 0.5.
    const { value, grads } = tf.variableGrads(() => network.loss(tf.tensor2d([[3]])));
    // (3 - 2.5)^2 + (1 + 0.25) * 1^2 + (1 + 0.25) * 0.5^2
    expect(value.dataSync()[0]).toBeCloseTo(0.25 + 1.25 + 0.3125, 5);
    const gradient = (name: string) => [
      ...((grads[network.parameters.get(name).name] as tf.Tensor).dataSync() as Float32Array),
    ];
    // Codes are drawn to their residuals alone: -2 (3 - 2) and -2 (1 - 0.5).
    expect(gradient('codebook-1')).toEqual([-2, 0]);
    expect(gradient('codebook-2')).toEqual([-1, 0]);
    // The encoder: reconstruction straight through, 2 (2.5 - 3) * 3, and commitment, 0.25 * 2 (1 + 0.5) * 3. The
    // reconstruction target x is not the encoder's.
    expect(gradient('encoder-1.kernel')[0]).toBeCloseTo(-3 + 2.25, 5);
  });
});
