import assert from 'node:assert/strict';
import { PalateError } from '../basics/errors.js';
import type { LongCallOptions } from '../basics/progress.js';
import { type Dataset, withLog } from '../data/dataset.js';
import type { Query, Retriever } from '../recommend/retriever.js';
import type { ConformanceCase } from './conformance.js';
import { refuses } from './refuses.js';

/** Fits the retriever under test with the options handed on. */
export type FitRetriever = (dataset: Dataset, options: LongCallOptions) => Promise<Retriever>;

/** The contract of fitting: misspelt options are refused, a cancelled fit ends and leaves nothing. */
export function fittingCases(
  dataset: Dataset,
  fit: FitRetriever,
  subject: () => Promise<Retriever>,
  queries: (retriever: Retriever) => readonly Query[],
  held: () => number,
): ConformanceCase[] {
  return [
    {
      name: 'refuses to fit with an option that it does not know, and names it',
      run: () =>
        assert.rejects(
          () => fit(dataset, { unheardOf: 1 } as LongCallOptions),
          (error) =>
            PalateError.is(error) && error.code === 'invalid-input' && error.message.includes('unheardOf'),
        ),
    },
    {
      name: 'stops fitting when its signal is aborted, leaves nothing behind, and fits normally the next time',
      run: async () => {
        const expected = await subject();
        const before = held();
        const signal = AbortSignal.abort(new Error('enough'));
        await refuses(() => fit(dataset, { seed: 1, signal }), 'cancelled');
        const controller = new AbortController();
        const stopped = fit(dataset, {
          seed: 1,
          signal: controller.signal,
          onProgress: ({ done, total = Number.POSITIVE_INFINITY }) => {
            if (done < total) controller.abort(new Error('enough'));
          },
        });
        // Some have finished before they tell of progress.
        const outcome = await stopped.catch((error: unknown) => error);
        if (controller.signal.aborted)
          assert.ok(PalateError.is(outcome) && outcome.code === 'cancelled', String(outcome));
        else if (typeof (outcome as Partial<Disposable>)[Symbol.dispose] === 'function')
          (outcome as Disposable)[Symbol.dispose]();
        assert.equal(held(), before, 'what a cancelled fit had made is given back');
        const again = await fit(dataset, { seed: 1 });
        const asked = queries(expected);
        assert.deepEqual(await again.retrieve(asked, 8), await expected.retrieve(asked, 8));
      },
    },
  ];
}

/** How good a retriever has to be on real data. */
export interface QualityFloor {
  /** Real data; every user's last item is held out. */
  readonly dataset: () => Promise<Dataset>;
  /**
   * Least hit rate at 10: the share of users whose held-out item is among the ten best of the full catalogue, without
   * their history.
   */
  readonly hitRate: number;
  /** Fits for this data, where it takes other options than the small generated one. */
  readonly fit?: FitRetriever | undefined;
}

/** A floor under the quality on real data: a method that is wired wrongly may keep every other rule. */
export function qualityCase({
  dataset,
  hitRate,
  fit,
}: QualityFloor & { fit: FitRetriever }): ConformanceCase {
  return {
    name: `finds the last item of at least ${(100 * hitRate).toFixed(1)} % of real users among ten`,
    run: async () => {
      const data = await dataset();
      const { log } = data;
      const { offsets, row } = log.byUser();
      const last = Array.from({ length: log.users.size }, (_, user) => row[(offsets[user + 1] ?? 0) - 1]);
      const heldOut = new Set(last);
      const training = log.select(
        Int32Array.from({ length: log.length }, (_, k) => k).filter((k) => !heldOut.has(k)),
      );
      const retriever = await fit(withLog(data, training), { seed: 1 });
      const asked = last.map((_, user) => ({
        user: log.users.idOf(user),
        history: training.history(user),
      }));
      const lists = await retriever.retrieve(asked, 10);
      const hits = lists.filter((list, user) =>
        list.some(({ item }) => item === log.item[last[user] as number]),
      );
      const share = hits.length / lists.length;
      assert.ok(share >= hitRate, `a hit rate of ${share.toFixed(4)}, below ${hitRate}`);
    },
  };
}
