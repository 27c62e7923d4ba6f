import { InvalidInputError, type LanguageModel } from '@palate/core';

/** Name of the model in tables. */
export const RECORDED = 'Claude, recorded';

/**
 * A language model that gives recorded answers in their order, so that they go through the prompts and readers that ask a
 * live one.
 *
 * @param answers - one a request, in the order of the requests
 */
export function answersInOrder(answers: readonly string[]): LanguageModel {
  let at = 0;
  return {
    id: RECORDED,
    generate: async (requests) =>
      requests.map(() => {
        const text = answers[at++];
        if (text === undefined)
          return {
            ok: false,
            error: new InvalidInputError({
              expected: `at most ${answers.length} requests, one a recorded answer`,
              received: 'another',
              hint: 'Ask for what was recorded, in its order.',
            }),
          };
        return {
          ok: true,
          result: { text, usage: { inputTokens: 0, outputTokens: 0 }, finishReason: 'stop', model: RECORDED },
        };
      }),
  };
}
