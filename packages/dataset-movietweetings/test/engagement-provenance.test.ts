import { checkProvenance, fingerprint, type InteractionLog } from '@palate/core';
import { leaveOneOut, splitByTime, splitRandom } from '@palate/datasets';
import { expect, it } from 'vitest';
import { engagementProvenance, loadBundledMovieTweetings, loadEngagement } from '../src/index.js';

const { log } = await loadBundledMovieTweetings();
const provenance = engagementProvenance(log);

const admits = ({
  train,
  test,
}: {
  readonly train: InteractionLog;
  readonly test: InteractionLog;
}): boolean => {
  try {
    checkProvenance('the texts', provenance, {
      rows: test,
      history: train,
      training: [fingerprint(train)],
    });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'leak' });
    return false;
  }
};

it('admits the engagement-guided texts for leave-one-out and for no other split', () => {
  expect(admits(leaveOneOut(log))).toBe(true);
  expect(admits(splitRandom(log, { validation: 0.1, test: 0.1, seed: 0 }))).toBe(false);
  expect(admits(splitByTime(log, { validation: 0.1, test: 0.1 }))).toBe(false);
});

it('is right to refuse them: in a random split neighbours share no user of training', async () => {
  const { train } = splitRandom(log, { validation: 0.1, test: 0.1, seed: 0 });
  const pairsWithout = async (part: InteractionLog): Promise<number> => {
    const users = Array.from({ length: log.items.size }, () => new Set<number>());
    for (const [row, item] of part.item.entries()) users[item]?.add(part.user[row] as number);
    let without = 0;
    for (const { item, neighbours } of await loadEngagement())
      for (const other of neighbours) {
        const own = users[log.items.indexOf(item)] as Set<number>;
        const theirs = users[log.items.indexOf(other)] as Set<number>;
        if (![...own].some((user) => theirs.has(user))) without++;
      }
    return without;
  };
  // 1,543 to 1,692 of 7,242 pairs, counted independently for the splits of the study.
  const found = await pairsWithout(train);
  expect(found).toBeGreaterThan(1000);
  expect(await pairsWithout(log)).toBeLessThan(found);
});
