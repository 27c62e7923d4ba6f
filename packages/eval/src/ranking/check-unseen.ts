import {
  checkFittedApart,
  checkProvenance,
  type InteractionLog,
  type Retriever,
  trainingOf,
} from '@palate/core';

/**
 * Refuses a retriever that was fitted on the test of a split, or whose texts or vectors know what is tested, as `evaluateRanking` does by itself: for evaluations
 * that ask for lists on their own.
 *
 * @param data - what is known at the test, what is tested, and what was fitted on where that is less than the history
 * @throws LeakError naming the first interaction that is not shown to be unseen, or that the retriever does not say what
 *   its texts and vectors know, or that it was fitted on everything, or on the test itself, or chosen by it
 */
export function checkUnseen(
  retriever: Pick<Retriever, 'name' | 'provenance' | 'fittedOn'>,
  data: {
    readonly history: InteractionLog;
    readonly test: InteractionLog;
    readonly train?: InteractionLog | undefined;
  },
): void {
  const { name, provenance } = retriever;
  const { history, test, train } = data;
  checkFittedApart(name, retriever.fittedOn, test);
  if (!provenance || provenance.kind === 'world') return;
  checkProvenance(`what ${name} was built with`, provenance, {
    rows: test,
    history,
    training: trainingOf(history, ...(train ? [train] : [])),
  });
}
