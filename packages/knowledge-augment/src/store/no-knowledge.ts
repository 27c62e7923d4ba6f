import { type UnusableAnswerCode, unusableText } from '@palate/llm';

/** Words that agree, decline or thank, as the whole answer: something else may be asked so, but no knowledge. */
const SAYING_NOTHING =
  /^[\s"'*_]{0,9}(?:yes|no|nope|yeah|ok(?:ay)?|sure(?: thing)?|understood|got it|i understand|thanks|thank you|certainly|of course|absolutely|great|done|noted|lorem ipsum\b[^\n]{0,200})[\s"'*_.!,]{0,9}$/i;

/** A label or an announcement that nothing follows. */
const LABEL_ALONE =
  /^[\s*_#]{0,9}(?:the |your |item |full |new )?(?:description|paraphrase|summary|answer|text|output|response|tags?|keywords?)(?: is| are)?\s?:[\s*_]{0,9}$/i;

/**
 * Why a text is no knowledge of anything: what no reader of answers can use, and a bare yes, thanks or label besides.
 *
 * @returns undefined for a text that is
 */
export function noKnowledge(text: string): UnusableAnswerCode | undefined {
  return (
    unusableText(text) ?? (SAYING_NOTHING.test(text) || LABEL_ALONE.test(text) ? 'empty-answer' : undefined)
  );
}
