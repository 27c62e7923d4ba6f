import { type GenerateRequest, type LanguageModel, type LongCallOptions, PalateError } from '@palate/core';
import { answerText, generateStructured, InvalidStructureError, type StructuredOutcome } from '@palate/llm';
import { EXPLAINED, type PromptParts, RANKING } from './ranking-prompt.js';
import { type RankedEntry, readRankingText } from './ranking-text.js';

/** Form in which a ranking is answered. */
export type AnswerForm = PromptParts['answer'] | 'explained';

/** Rankings as they were answered: numbers of candidates, with reasons where they were asked for. */
export type RankingOutcome = StructuredOutcome<{ readonly ranking: readonly (number | RankedEntry)[] }>;

/**
 * Asks for rankings, one a request, and reads them in whatever form they come.
 *
 * @param titlesOf - titles of the candidates of a request, in the order shown
 */
export async function askForRankings(
  model: LanguageModel,
  requests: readonly GenerateRequest[],
  form: AnswerForm,
  titlesOf: (request: number) => string[],
  options: LongCallOptions,
): Promise<RankingOutcome[]> {
  const entries = (text: string, request: number): RankedEntry[] | undefined =>
    readRankingText(text, titlesOf(request));
  const call = { name: 'ranking', signal: options.signal, onProgress: options.onProgress };
  if (form === 'explained')
    return generateStructured(model, requests, EXPLAINED, {
      ...call,
      readText: (text, request) => {
        const ranking = entries(text, request);
        return ranking && { ranking };
      },
    });
  if (form === 'json')
    return generateStructured(model, requests, RANKING, {
      ...call,
      readText: (text, request) => {
        const ranking = entries(text, request);
        return ranking && { ranking: ranking.map(({ number }) => number) };
      },
    });
  const answers = await model.generate(requests, { signal: options.signal, onProgress: options.onProgress });
  return requests.map((_, request): RankingOutcome => {
    const answer = answers[request];
    if (!answer?.ok)
      return {
        ok: false,
        error: answer?.error ?? noOutcome(),
        usage: { inputTokens: 0, outputTokens: 0 },
      };
    const { result } = answer;
    const read =
      result.finishReason === 'filter' ? undefined : entries(answerText(result.text).text, request);
    // The last number of an answer that was cut may be the first digits of another.
    const ranking = result.finishReason === 'length' ? read?.slice(0, -1) : read;
    return ranking && ranking.length > 0
      ? { ok: true, value: { ranking }, result, usage: result.usage }
      : {
          ok: false,
          error: new InvalidStructureError('it names no candidate', result),
          usage: result.usage,
        };
  });
}

const noOutcome = (): PalateError =>
  new PalateError('no-outcome', {
    expected: 'one outcome per request',
    received: 'fewer',
    hint: 'Correct the language model: generate answers every request, in their order.',
  });
