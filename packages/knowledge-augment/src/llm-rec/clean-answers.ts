import { InvalidInputError } from '@palate/core';
import {
  answerText,
  beforeNextTurn,
  findJson,
  INTERJECTION,
  readList,
  UnusableAnswerError,
} from '@palate/llm';
import { noKnowledge } from '../store/no-knowledge.js';
import type { CleanedAnswer } from '../store/prompt-template.js';

/** `Here is the description:`, with a word for a text and not a title. */
const ANNOUNCEMENT =
  /^(?:here(?:'s|’s| is| are)|below (?:is|are)|the following (?:is|are)|this is)\b[^\n:]{0,120}\b(?:description|paraphrase|re-?writ\w*|reword\w*|rephras\w*|text|version|summary|synopsis|overview|answer|response|explanation|inference|blurb|details?|facts?|information|profile)\b[^\n:]{0,80}:/i;

/** An announcement in any words that ends its line. */
const ANNOUNCING_LINE =
  /^(?:here(?:'s|’s| is| are)|below (?:is|are)|the following (?:is|are))\b[^\n:]{0,160}:(?=\n)/i;

const LABEL =
  /^[*_]{0,2}(?:fuller |full |new |item )?(?:description|paraphrase|summary|answer|text|output|response)[*_]{0,2}:[*_]{0,2}\s/i;

/** Closing offers, as the last paragraph or the last sentence. */
const OFFER =
  /^(?:please )?(?:let me know (?:if|whether)|i hope (?:this|that|it)\b|feel free to\b|would you like (?:me|another|to)\b|is there anything else|if you(?:'d|’d| would) like)/i;
const LAST_OFFER =
  /(?<=[.!?]) (?:let me know if|i hope this helps|feel free to (?:ask|reach))[^.!?\n]{0,200}[.!?]?$/i;

/**
 * The text of an answer without what surrounds it: reasoning, interjections and announcements, labels, code fences,
 * quotes, closing offers. What may be content stays: a text that begins with the title "Great Expectations" does.
 *
 * @throws UnusableAnswerError if nothing is left, the model refused, or a server's error came instead
 */
export function cleanText(answer: string): string {
  const said = beforeNextTurn(answerText(answer).text).trim();
  const code = noKnowledge(said);
  if (code !== undefined) throw new UnusableAnswerError(code, answer);
  const only = textInJson(said);
  let text = (only ?? said)
    .replace(/^```[\w-]*\n?/, '')
    .replace(/```$/, '')
    .trim();
  text = text.replace(INTERJECTION, '').trimStart();
  text = text
    .replace(ANNOUNCEMENT, '')
    .replace(ANNOUNCING_LINE, '')
    .trimStart()
    .replace(LABEL, '')
    .trimStart();
  let lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length > 1 && OFFER.test(lines.at(-1) as string)) lines = lines.slice(0, -1);
  text = withoutQuotes(lines.join(' ').replace(LAST_OFFER, '').trim());
  const fault = noKnowledge(text);
  if (fault !== undefined) throw new UnusableAnswerError(fault, answer);
  return text;
}

/** The text in an object with one text, where an answer is JSON although words were asked for. */
function textInJson(answer: string): string | undefined {
  if (!answer.startsWith('{') && !answer.startsWith('"')) return undefined;
  const found = findJson(answer);
  if (!found.ok) return undefined;
  if (typeof found.value === 'string' && answer.endsWith('"')) return found.value.trim();
  if (typeof found.value !== 'object' || found.value === null) return undefined;
  const texts = Object.values(found.value).filter((each): each is string => typeof each === 'string');
  return texts.length === 1 && answer.endsWith('}') ? texts[0]?.trim() : undefined;
}

/** The text without quotes around the whole of it; quotes at both ends that belong to two titles stay. */
function withoutQuotes(text: string): string {
  const inside = text.slice(1, -1);
  return /^["“]/.test(text) && /["”]$/.test(text) && !/["“”]/.test(inside) ? inside.trim() : text;
}

/** Longest tag, in characters and in words: what is longer is a sentence. */
const LONGEST_TAG = 50;
const MOST_WORDS = 6;

/**
 * Tags of an answer: of a JSON array, or separated by commas or lines; without bullets, numbers and case, each once.
 *
 * @throws UnusableAnswerError if the answer is empty or refused; InvalidInputError if it holds no tags
 */
export function cleanTags(answer: string): CleanedAnswer {
  const said = beforeNextTurn(answerText(answer).text).trim();
  const code = noKnowledge(said);
  if (code !== undefined) throw new UnusableAnswerError(code, answer);
  const tags = [
    ...new Set(
      readList(said)
        .map((tag) => tag.replace(/^and /i, '').toLowerCase())
        .filter(
          (tag) =>
            /[\p{L}\p{N}]/u.test(tag) && tag.length <= LONGEST_TAG && tag.split(/\s+/).length <= MOST_WORDS,
        ),
    ),
  ];
  if (tags.length === 0)
    throw new InvalidInputError({
      expected: 'tags separated by commas',
      received: JSON.stringify(answer.slice(0, 80)),
      hint: 'Ask again, or ask another model.',
    });
  return { text: tags.join(', '), facts: { tags } };
}
