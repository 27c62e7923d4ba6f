import type { InteractionLog, LongCallOptions } from '@palate/core';
import { type AnswerState, answerRequests } from './answer-requests.js';
import type { ChosenModel } from './refit.js';

/**
 * Reads or fits every model of the pipeline and those beside it, and answers once, so that no answer has to wait for what is
 * made at first use.
 */
export async function prepareModels(
  state: AnswerState,
  models: readonly ChosenModel[] = [],
  options: LongCallOptions = {},
): Promise<void> {
  const { snapshot, pipeline } = state;
  for (const { method, settings } of [...pipeline.retrievers, ...(pipeline.rankers ?? []), ...models])
    if (method !== undefined) await snapshot.model(method, settings, options.signal);
  const own = { ...state, pipeline: { ...pipeline, rankers: pipeline.rankers?.filter(({ live }) => !live) } };
  // Short and long histories go through graphs of their own.
  for (const history of endsOfLength(snapshot.generation.dataset.log))
    await answerRequests(
      [{ request: { history, explain: true }, where: 'preparing', isRanking: false }],
      own,
      options,
    );
}

/** A history of one item and the longest one, in external ids; none where nobody has chosen anything. */
function endsOfLength(log: InteractionLog): string[][] {
  let longest: ArrayLike<number> = [];
  for (let user = 0; user < log.users.size; user++) {
    const history = log.history(user);
    if (history.length > longest.length) longest = history;
  }
  const ids = Array.from(longest, (item) => log.items.idOf(item));
  return ids.length === 0 ? [] : [ids.slice(-1), ids];
}
