import {
  checkProvenance,
  fingerprint,
  type InteractionLog,
  isWithheld,
  LeakError,
  logsAround,
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
  checkFittedApart(retriever, test);
  if (!provenance || provenance.kind === 'world') return;
  checkProvenance(`what ${name} was built with`, provenance, {
    rows: test,
    history,
    training: trainingOf(history, ...(train ? [train] : [])),
  });
}

/**
 * Refuses a retriever that was given the test of a split, as far as the split and the retriever tell. A system may be
 * stopped by the validation part and chosen by it again, but not trained on it.
 */
function checkFittedApart(
  { name, fittedOn }: Pick<Retriever, 'name' | 'fittedOn'>,
  test: InteractionLog,
): void {
  if (!fittedOn || fittedOn.length === 0) return;
  const refuse = (what: string): never => {
    throw new LeakError({
      expected: `${name} to be fitted on the training part, and stopped or chosen by the validation part`,
      received: `one that was given ${what}`,
      hint: 'Fit on withLog(dataset, split.train) with validation: split.validation.',
    });
  };
  for (const [k, log] of logsAround(test).entries())
    if (fittedOn.includes(fingerprint(log)))
      refuse(k === 0 ? 'the whole log that the test was held out of' : 'a log that holds the test');
  if (logsAround(test).length > 0 && !isWithheld(test) && fittedOn.includes(fingerprint(test)))
    refuse('the test itself');
}
