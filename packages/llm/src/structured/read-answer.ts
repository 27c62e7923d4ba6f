import { type GenerateResult, PalateError } from '@palate/core';
import { answerText } from './answer-text.js';

/** Why an answer is of no use. */
export type UnusableAnswerCode =
  /** Nothing came. Retryable. */
  | 'empty-answer'
  /** Reasoning came, and no answer behind it. Retryable. */
  | 'reasoning-alone'
  /** It was cut off at `maxTokens`. Retryable. */
  | 'cut-answer'
  /** The provider's filter ended it. */
  | 'filtered-answer'
  /** The model declines to answer. */
  | 'refused-answer'
  /** The server sends an error as if it were the model's words. Retryable. */
  | 'error-answer';

const HINTS: Readonly<Record<UnusableAnswerCode, string>> = {
  'empty-answer': 'Ask again, or ask another model.',
  'reasoning-alone': 'Raise maxTokens, so that the answer after the reasoning fits in.',
  'cut-answer': 'Raise maxTokens.',
  'filtered-answer': 'Rephrase the request, or ask another provider.',
  'refused-answer': 'Rephrase the request, or ask another model.',
  'error-answer': 'Look at the server: it sends errors as answers.',
};

/** An answer that holds nothing of what was asked for: its `code` says why. */
export class UnusableAnswerError extends PalateError {
  declare readonly code: UnusableAnswerCode;
  /** The answer as it came. */
  readonly text: string;
  constructor(code: UnusableAnswerCode, text: string) {
    super(code, {
      expected: 'a whole answer to the question',
      received: `${WHAT[code]}${text.trim() === '' ? '' : `: ${JSON.stringify(text.trim().slice(0, 200))}`}`,
      hint: HINTS[code],
      isRetryable: code !== 'filtered-answer' && code !== 'refused-answer',
    });
    this.name = 'UnusableAnswerError';
    this.text = text;
  }
}

const WHAT: Readonly<Record<UnusableAnswerCode, string>> = {
  'empty-answer': 'an empty one',
  'reasoning-alone': 'reasoning without an answer',
  'cut-answer': 'one that was cut off at maxTokens',
  'filtered-answer': "one that the provider's filter ended",
  'refused-answer': 'a refusal',
  'error-answer': 'an error message of the server',
};

const CANNOT =
  "(?:can(?:not|'t| not)|could(?: not|n't)|am (?:unable|not able|not allowed)|'m (?:unable|not able|not allowed)|won't|will not|do(?: not|n't) (?:have|know|feel comfortable)|must decline|have to decline|lack)";
const HELP =
  '(?:assist|help|provide|comply|fulfil?l?|answer|create|generate|write|describe|rate|recommend|discuss|share|engage|continue|predict|determine|access|browse|verify|find|offer|give|do that|do this|complete|support|summari[sz]e|paraphrase|infer|tag)';

/** Openings of refusals, in the words that models use for them; a text about a film called "I Can't Sleep" is none. */
const REFUSALS: readonly RegExp[] = [
  new RegExp(
    `^(?:i'm |i am |we're |we are |my )?(?:very |so |really )?(?:sorry|apologies|apologi[sz]e)\\b[^.!?\\n]{0,120}\\b(?:i|we) ?${CANNOT}\\b`,
    'i',
  ),
  /^(?:i'm |i am )?(?:very |so |really )?sorry[,.!]? (?:but )?(?:i|as an)\b/i,
  /^(?:i |we )?apologi[sz]e\b/i,
  /^(?:my )?apologies,? but\b/i,
  /^(?:i'm |i am )?(?:very |so )?sorry[.!]?$/i,
  new RegExp(`^(?:unfortunately|regrettably),? (?:i|we) ?(?:${CANNOT})\\b`, 'i'),
  new RegExp(
    `^(?:i|we) ?(?:can(?:not|'t| not)|could(?: not|n't)|(?:am|was) (?:unable|not able|not allowed) to|'m (?:unable|not able|not allowed) to|won't|will not|must decline to) (?:\\w+ ){0,3}?${HELP}\\b`,
    'i',
  ),
  /^i (?:do not|don't) have (?:any |enough |access |the |specific |sufficient |reliable |real-time )*(?:information|knowledge|data|details|context|access|records?)\b/i,
  /^i(?:'m| am) not (?:familiar with|aware of|sure what|comfortable)\b/i,
  /^as an? (?:ai|artificial intelligence|(?:large )?language model)\b(?: (?:language )?(?:model|assistant|system))?[^.\n]{0,80}?, ?i\b/i,
  /^(?:there is|there's|i have|i found) no (?:\w+ )?(?:information|data|knowledge)\b/i,
  /^i (?:do not|don't) know(?: (?:this|that|the|much|anything|of|about)\b[^.\n]{0,80})?[.!]?$/i,
  /^(?:as of|based on) my (?:last |latest )?(?:knowledge|training)(?: \w+)?(?: \w+)?(?: (?:in|of) [^,\n]{0,30})?, ?i (?:do not|don't|can't|cannot|am not)\b/i,
  /^(?:your|the) (?:request|prompt|content) (?:was|has been|is) (?:rejected|blocked|flagged|refused|filtered)\b/i,
  /^(?:i'm|i am) not (?:(?:entirely|really|quite|completely|exactly) )?(?:sure|certain)(?: (?:about|of|how|which|whether|if|who|which)\b[^.\n]{0,80})?[.!]?$/i,
  /^(?:(?:there (?:is|was|isn't|wasn't)|i have|i'd need|sorry,?) )?(?:not |in)?(?:enough|sufficient) (?:information|data|details|context)\b[^.\n]{0,120}[.!]?$/i,
  /^(?:hello|hi|hey)?(?: there)?[!,. ]{0,3}(?:how (?:can|may) i (?:help|assist)\b|what would you like (?:me )?to\b)/i,
  /^(?:could|can|would) you (?:please )?(?:provide|share|specify|clarify|tell me|give me)\b[^\n]{0,200}\?$/i,
  /^please (?:provide|specify|clarify|tell me|give me)\b/i,
  /^i(?: would|'d)? (?:need|require) (?:more|additional|further|some) (?:information|details|context)\b/i,
  /^i (?:must|have to|will have to) (?:(?:respectfully|politely) )?decline\b/i,
  /^i (?:can(?:not|'t)|am unable to)[.!]?$/i,
  /^(?:this|that|the|your) (?:content|request|prompt) (?:violates|goes against|is against)\b/i,
  /^[^.\n]{0,80}\b(?:is|was)(?: not|n't) (?:in|part of) my (?:database|training(?: data)?|knowledge(?: base)?)\b/i,
  /^it(?:'s| is) (?:impossible|not possible) for me to\b/i,
  /^(?:je ne sais pas|ich weiß (?:es )?nicht|no (?:lo )?sé|non lo so|não sei|我不知道|わかりません|分かりません|모르겠습니다)[\s.!。]{0,3}$/i,
  /^(?:抱歉|对不起|很抱歉|申し訳|죄송|lo siento|désolé|es tut mir leid|mi dispiace)/i,
];

/** Words of models that have nothing to say, as the whole answer. */
const NOTHING =
  /^[\s"'*_[(]{0,9}(?:none(?: of (?:these|them|the above))?|n\/?a|null|nil|undefined|unknown|nothing|todo|tbd|not (?:available|applicable|known)|nan|unknown (?:film|movie|item|book|song|game|title)|\\[nt]|(?:tags?|keywords?|answer|description|information|data|results?) not (?:found|available)|no (?:tags?|keywords?|answer|description|information|data|results?)(?: (?:found|available|given|provided))?|insert (?:\w+ ){0,2}here)[\s"'*_.!)\]]{0,9}$/i;

/** Frames of prompts that were to be filled in, as the whole answer: `[description]`, `<your answer>`. */
const PLACEHOLDER =
  /^[\s"'*_]{0,9}(?:\[[^[\]\n]{0,60}|<[^<>\n]{0,60}|\{[^{}\n"]{0,60})\b(?:description|answer|summary|text|response|output|title|tags?|keywords?|paraphrase|redacted|removed|here)\b[^\]>}\n]{0,40}[\]>}][\s"'*_.]{0,9}$/i;

/** Texts that servers and gateways send instead of an answer. */
const ERRORS: readonly RegExp[] = [
  /^<(?:!doctype html|html|\?xml)\b/i,
  /^\[?(?:error|exception|fatal)\]?(?: code)?\s?[:-]/i,
  /^(?:traceback \(most recent call last\)|upstream (?:connect|request)|an? (?:internal |unexpected |unknown )?error (?:has )?occurred)\b/i,
  /^(?:\d{3} )?(?:internal server error|service (?:temporarily )?unavailable|bad gateway|gateway time-?out|too many requests|rate limit (?:reached|exceeded))\b/i,
  /^(?:(?:http )?error [45]\d\d|http [45]\d\d|connection (?:reset(?: by peer)?|refused|timed out)|stream (?:timeout|error)|no healthy upstream|\[object object\])[.!]?$/i,
  /^(?:request timed out|the (?:model|server|service) is (?:currently )?(?:overloaded|unavailable|busy))\b/i,
];

const ERROR_FIELDS = new Set(['message', 'code', 'status', 'type', 'param', 'detail', 'request_id']);

/** Whether a text is an object none of whose fields holds anything: `{"description": null}`. */
function isEmptyObject(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    return Object.values(JSON.parse(text) as object).every(
      (value) => value === null || value === '' || (Array.isArray(value) && value.length === 0),
    );
  } catch {
    return false;
  }
}

/** Whether a text is an error object such as `{"error": {"message": "…"}}` or FastAPI's `{"detail": "…"}`. */
function isErrorObject(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const names = Object.keys(value);
    return (
      (value.error !== undefined && value.error !== null) ||
      (Array.isArray(value.errors) && value.errors.length > 0) ||
      ((value.object === 'error' || value.type === 'error') && names.includes('message')) ||
      (names.includes('message') &&
        names.includes('code') &&
        names.every((name) => ERROR_FIELDS.has(name))) ||
      (names.length === 1 && names[0] === 'detail')
    );
  } catch {
    return false;
  }
}

/** Longest beginning of an answer that is looked at for refusals. */
const OPENING = 400;

/** Tells which kind of non-answer a text is, if it is one: nothing, a refusal, or a server's error. */
export function unusableText(text: string): 'empty-answer' | 'refused-answer' | 'error-answer' | undefined {
  if (!/[\p{L}\p{N}\p{S}]/u.test(text) || (text.length < 60 && NOTHING.test(text))) return 'empty-answer';
  if ((text.length < 120 && PLACEHOLDER.test(text)) || isEmptyObject(text.trim())) return 'empty-answer';
  const opening = text.trim().slice(0, OPENING).replace(/[’‘]/g, "'");
  if (REFUSALS.some((pattern) => pattern.test(opening))) return 'refused-answer';
  if (ERRORS.some((pattern) => pattern.test(opening)) || isErrorObject(text.trim())) return 'error-answer';
  return undefined;
}

/** The text of an answer, or why there is none. */
export type ReadAnswer =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: UnusableAnswerError };

/**
 * Reads the text of a model's answer: without reasoning, and only where it is one. Empty, cut, filtered and refused
 * answers, reasoning alone, and errors that a server sends as answers are distinguished by the error's `code`.
 *
 * @example
 * ```ts
 * const [outcome] = await model.generate([{ messages }]);
 * const read = outcome?.ok ? readAnswer(outcome.result) : outcome;
 * ```
 */
export function readAnswer(result: GenerateResult): ReadAnswer {
  const fail = (code: UnusableAnswerCode): ReadAnswer => ({
    ok: false,
    error: new UnusableAnswerError(code, result.text),
  });
  const { text, hadReasoning } = answerText(result.text);
  if (result.finishReason === 'filter') return fail('filtered-answer');
  if (text === '' && hadReasoning) return fail('reasoning-alone');
  if (result.finishReason === 'length') return fail('cut-answer');
  const code = unusableText(text);
  return code === undefined ? { ok: true, text } : fail(code);
}
