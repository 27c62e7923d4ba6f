import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ortBackend } from '../src/index.js';
import { DIFFERENCES } from './differences.js';
import './oracle.js';
import { differenceOf, type Numbers, numbersOf, randomGraph, runGraph } from './random-graph.js';

/** Seeds of the run; `FUZZ_FROM` and `FUZZ_COUNT` choose others. */
const FROM = Number(process.env.FUZZ_FROM ?? 0);
const COUNT = Number(process.env.FUZZ_COUNT ?? 2500);

async function valuesOn(backend: string, run: () => tf.Tensor): Promise<readonly number[] | string> {
  await tf.setBackend(backend);
  try {
    return numbersOf(run()).values;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the differences from the CPU backend that the README lists', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  it.each(DIFFERENCES.map((each) => [each.operation, each] as const))('%s', async (_, difference) => {
    const { operation, cpu, ort, example, cpuGives, ortGives } = difference;
    const cells = readme
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells).toContainEqual(['', operation, cpu, ort, '']);
    for (const [backend, gives] of [
      ['cpu', cpuGives],
      ['ort', ortGives],
    ] as const) {
      const found = await valuesOn(backend, example);
      if (typeof gives === 'string') expect(found).toContain(gives);
      else expect(found).toEqual(gives);
    }
  });
});

describe('random graphs', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it(`give what the CPU backend gives, but for what is listed (seeds ${FROM} to ${FROM + COUNT - 1})`, async () => {
    const graphs = Array.from({ length: COUNT }, (_, k) => ({ seed: FROM + k, ...randomGraph(FROM + k) }));
    await tf.setBackend('ort');
    const before = { tensors: tf.memory().numTensors, data: ortBackend().numDataIds() };
    const wrong: string[] = [];
    let compared = 0;
    let listed = 0;
    let errors = 0;
    for (const { seed, graph, results } of graphs) {
      const found = runGraph(graph);
      for (const [k, expected] of results.entries()) {
        const { name, reads } = graph.steps[k] as (typeof graph.steps)[number];
        if (expected instanceof Error) errors++;
        compared++;
        const difference = differenceOf(expected, found[k] as Numbers | Error);
        if (difference === undefined) continue;
        const inputs = reads.map((at) => (at < 3 ? graph.inputs[at] : results[at - 3]) as Numbers);
        // What follows from a difference differs as well.
        if (DIFFERENCES.some(({ covers }) => covers(name, inputs, expected))) listed++;
        else
          wrong.push(
            `seed ${seed}, ${name} of ${inputs.map((each) => JSON.stringify(each)).join(' and ')}: ${difference}`,
          );
        break;
      }
      // A graph that failed leaves the next ones unharmed, and nothing is left of it.
      if (seed % 50 === 0) expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(COUNT * 2);
    expect(errors).toBeGreaterThan(COUNT / 100);
    expect(listed).toBeLessThan(COUNT / 5);
    expect({ tensors: tf.memory().numTensors, data: ortBackend().numDataIds() }).toEqual(before);
  });
});
