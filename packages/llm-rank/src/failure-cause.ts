import type { PalateError } from '@palate/core';
import { answerText, InvalidStructureError, UnusableAnswerError, unusableText } from '@palate/llm';

/** Why a model gave no usable answer, in words to count by, with its own text or the server's. */
export interface FailureCause {
  readonly cause: string;
  readonly example: string;
}

const CAUSES = {
  'empty-answer': 'empty answer',
  'refused-answer': 'refused',
  'error-answer': 'server error as answer',
} as const;

/** Tells the cause of a failed request: what the answer was, or the code of the error with the server's text. */
export function failureCause(error: PalateError): FailureCause {
  if (!(error instanceof InvalidStructureError) && !(error instanceof UnusableAnswerError))
    return { cause: error.code, example: error.message };
  if (error instanceof UnusableAnswerError)
    return { cause: error.code, example: error.text || error.message };
  const { text, hadReasoning } = answerText(error.text);
  const example = error.text.trim() === '' ? error.message : error.text;
  if (error.finishReason === 'filter') return { cause: 'filtered', example };
  if (text === '' && hadReasoning) return { cause: 'reasoning alone', example };
  if (error.finishReason === 'length') return { cause: 'cut at the length limit', example };
  const code = unusableText(text);
  return { cause: code === undefined ? 'answer not readable' : CAUSES[code], example };
}
