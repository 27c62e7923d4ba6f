import type { LongCallOptions, OutcomeCounts } from '@palate/core';
import type { Answer } from './answer.js';
import { type AnswerState, answerRequests, type NamedRequest } from './answer-requests.js';
import type { Effort } from './options.js';
import { pipelineOf } from './pipeline.js';

/**
 * Answers requests in their order: those that name a system by its own pipeline, each pipeline asked once for all of its
 * requests.
 *
 * @param count - called for each pipeline with the number of requests it answered, and with which outcomes
 */
export async function answerBySystem(
  named: readonly NamedRequest[],
  state: AnswerState,
  effort: Effort,
  options: LongCallOptions,
  count: (answered: number, outcomes: readonly OutcomeCounts[]) => void,
): Promise<Answer[]> {
  const groups = new Map<string, number[]>();
  for (const [r, { request }] of named.entries()) {
    const group = groups.get(request.system ?? '') ?? [];
    group.push(r);
    groups.set(request.system ?? '', group);
  }
  const answers = new Array<Answer>(named.length);
  for (const [system, group] of groups) {
    const pipeline = system === '' ? state.pipeline : pipelineOf(system, state.pipeline, effort);
    const answered = await answerRequests(
      group.map((r) => named[r] as NamedRequest),
      { ...state, pipeline },
      options,
    );
    for (const [g, r] of group.entries()) answers[r] = answered.answers[g] as Answer;
    count(group.length, answered.outcomes);
  }
  return answers;
}
