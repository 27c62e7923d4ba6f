import { answerText, beforeNextTurn, numberOf, plainDigits, unusableText } from '@palate/llm';
import { type RatingInData, ratingInJson, ratingInTable } from './rating-in-data.js';
import type { RatingScale } from './rating-rows.js';
import {
  ALONE,
  DIGITS,
  isCorrected,
  NEGATED,
  NUMBER,
  predictedNumber,
  saidNumbers,
  withoutOthers,
  withoutTitles,
} from './rating-sentences.js';

/** Why an answer gives no rating. */
export type RatingFault =
  | 'empty answer'
  | 'reasoning alone'
  | 'refused'
  | 'server error as answer'
  | 'no rating in the answer'
  | 'several ratings in the answer'
  | 'rating on another scale'
  | 'rating outside of the scale'
  | 'cut at the length limit';

/** A rating read out of an answer, or why there is none. */
export type ReadRating =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly fault: RatingFault };

const UNUSABLE: Readonly<Record<NonNullable<ReturnType<typeof unusableText>>, RatingFault>> = {
  'empty-answer': 'empty answer',
  'refused-answer': 'refused',
  'error-answer': 'server error as answer',
};

/** `4/5`, `4 out of 5`, `4 of 5`. */
const OUT_OF = new RegExp(
  `(?<![\\p{L}\\d.,/-])(-?${NUMBER})(?: (?:stars?|points?))? ?(?:/|out of|of|von|sur|de) ?(${NUMBER})(?![\\p{L}\\d%]|[.,]\\d|/\\d)`,
  'giu',
);
/** Mentions of the scale, which are no ratings. */
const SCALE_MENTION = new RegExp(
  `(?:on|using|with|in|from|within) (?:a |the |an )?(?:rating )?(?:scale|range)(?: (?:of|from|between|is|being))? ?${DIGITS} ?(?:to|-|–|and|/|through) ?${DIGITS}|(?:scale|range) (?:of|from|between) ?${DIGITS} ?(?:to|-|–|and) ?${DIGITS}|${NUMBER}[- ](?:point|star) (?:rating )?(?:scale|system)|(?<=^|[.,;:\\n(] ?)out of (?:a (?:possible |maximum (?:of )?))?${NUMBER}(?: (?:stars?|points?))?`,
  'giu',
);
/** `between 3 and 4`, `3-4`, `3 or 4`: two answers are none. */
const RANGE = new RegExp(`${ALONE} ?(?:-|–|to|or|and) ?(${NUMBER})(?![\\p{L}\\d%])`, 'giu');

const LABEL =
  '(?:(?:final |predicted |my |expected |estimated |overall |likely )*(?:rating|score|prediction|estimate|answer|verdict|stars|note|评分|評価|평점|оценка|nota|bewertung))';
const BRIDGE =
  '(?:\\s|[*_:：=＝→>"\'`(~≈-]|\\b(?:is|would be|will be|of|be|as|a|an|about|around|approximately|roughly|probably|likely|at|for (?:this|it|the)(?: \\p{L}{1,12})?)\\b){1,12}';
const LABELLED = new RegExp(`(?<!\\p{L})${LABEL}${BRIDGE}${ALONE}`, 'giu');
const STARS = new RegExp(`${ALONE}(?:[- ](?:full |solid |shining )?stars?\\b| ?[★⭐])`, 'giu');
/**
 * Reads the rating that an answer means. A number counts where it stands alone, behind a label or a colon at the end
 * of a line, before "stars", as a share of this scale (`4/5`), or in what is said as the rating ("I would give it a
 * 4"). Mentions of the scale, numbers in titles, other scales (`4/10` out of five) and ranges are none, so that
 * a wrong number never stands for the answer.
 *
 * @param isCut - true where the length limit ended the answer: then a number at its very end may lack digits
 */
export function readRating(answer: string, scale: RatingScale, isCut = false): ReadRating {
  const fail = (fault: RatingFault): ReadRating => ({ ok: false, fault });
  const said = answerText(answer);
  const text = plainForm(beforeNextTurn(said.text).trim());
  if (text === '')
    return fail(said.hadReasoning ? 'reasoning alone' : isCut ? 'cut at the length limit' : 'empty answer');
  const within = (value: number): ReadRating =>
    value >= scale.min && value <= scale.max ? { ok: true, value } : fail('rating outside of the scale');
  const ofData = (data: RatingInData): ReadRating => {
    if (data.kind === 'number') return within(data.value);
    if (data.kind === 'words')
      return /[{[]/.test(data.words) ? fail('no rating in the answer') : readRating(data.words, scale);
    const code = unusableText(text);
    if (code !== undefined) return fail(UNUSABLE[code]);
    return fail(data.kind === 'several' ? 'several ratings in the answer' : 'no rating in the answer');
  };

  if (isCut && new RegExp(`${ALONE}[.,]?$`, 'iu').test(text)) return fail('cut at the length limit');
  const bare = numberOf(withoutFrame(text));
  if (bare !== undefined) return within(bare);
  const glyphs = starGlyphs(text, scale);
  if (glyphs !== undefined) return within(glyphs);
  const boxed = [...text.matchAll(BOXED)].at(-1)?.[1];
  if (boxed !== undefined) return readRating(boxed, scale);
  const data = ratingInJson(text) ?? ratingInTable(text);
  if (data) return ofData(data);
  const unusable = unusableText(text);
  if (unusable !== undefined) return fail(UNUSABLE[unusable]);

  const shares: number[] = [];
  let isForeign = false;
  let isForeignScale = false;
  let isRange = false;
  const unscaled = text.replace(/[*_`]{1,3}/g, '').replace(SCALE_MENTION, (mention) => {
    const ends = [...mention.matchAll(new RegExp(NUMBER, 'giu'))].map(([end]) => numberOf(end) ?? 0);
    if (Math.max(...ends) !== scale.max) isForeignScale = true;
    return ' ';
  });
  const plain = withoutOthers(withoutTitles(unscaled))
    .replace(OUT_OF, (whole, value: string, most: string) => {
      if (numberOf(most) === scale.max) shares.push(numberOf(value) ?? Number.NaN);
      // "24/7" or "one of 3" are no ratings; "4/10" is one, but not of this scale.
      else isForeign = true;
      return whole.length > 0 ? ' ; ' : '';
    })
    .replace(RANGE, () => {
      isRange = true;
      return ' ; ';
    });
  if (isCorrected(plain) && !/\bfinal\b/i.test(plain)) return fail('several ratings in the answer');
  const filled = plain
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const all = (pattern: RegExp, from = plain): number[] =>
    [...from.matchAll(pattern)].map((match) => numberOf(match[1] as string) ?? Number.NaN);
  const ends = [filled[0], filled.at(-1)].map((line) => numberOf(withoutFrame(line ?? '')));
  const predicted = predictedNumber(plain);
  const readings: readonly (readonly number[])[] = [
    all(LABELLED),
    shares,
    // "12 Monkeys: 4", a line that is a number alone, or one that begins with it: "4 - a fine film".
    filled.flatMap((line) => {
      const number = new RegExp(`(?:[:=→]|(?<=\\s)[-–—]) ?${ALONE}[.!]?$`, 'iu').exec(line)?.[1];
      return number === undefined ? [] : [numberOf(number) ?? Number.NaN];
    }),
    ends.filter((value): value is number => value !== undefined),
    predicted === undefined ? [] : [predicted],
    all(STARS),
    saidNumbers(plain),
    all(
      new RegExp(`^${ALONE}(?![.)]\\s*\\d)(?: ?[-–—,;:.!(]| because\\b| since\\b)`, 'giu'),
      filled[0] ?? '',
    ),
    NEGATED.test(filled.at(-1) ?? '')
      ? []
      : all(
          new RegExp(
            `\\b(?:an?|about|around|approximately|roughly|probably|maybe|perhaps|likely|solid|strong|weak|definitely|is|it's) ${ALONE}[.!?]?$`,
            'giu',
          ),
          filled.join(' '),
        ),
  ];
  for (const [kind, values] of readings.entries()) {
    const distinct = new Set(values);
    if (distinct.size === 0) continue;
    if (isForeignScale && kind !== 1) return fail('rating on another scale');
    if (distinct.size === 1) {
      const value = [...distinct][0] as number;
      // "Others gave 5/5, so I predict 4": which of the two is meant is not certain.
      return kind < 4 && predicted !== undefined && predicted !== value && within(predicted).ok
        ? fail('several ratings in the answer')
        : within(value);
    }
    // Of several labelled ones the last is meant where it is called final.
    const final =
      kind === 0 && /\bfinal\b[^\n]{0,40}$/i.test(plain.slice(0, plain.lastIndexOf(String(values.at(-1)))));
    return final ? within(values.at(-1) as number) : fail('several ratings in the answer');
  }
  if (isRange) return fail('several ratings in the answer');
  if (isForeign || isForeignScale) return fail('rating on another scale');
  return fail(isCut ? 'cut at the length limit' : 'no rating in the answer');
}

/**
 * The rating in an answer; see {@link readRating}, which also tells why there is none.
 *
 * @returns undefined where there is none, or it lies outside of the scale
 */
export function parseRating(answer: string, scale: RatingScale): number | undefined {
  const read = readRating(answer, scale);
  return read.ok ? read.value : undefined;
}

/** A text without quotes, emphasis, a unit and a stop around it. */
function withoutFrame(text: string): string {
  return text
    .replace(/^[\s"'“”*_`($~≈]{1,9}/, '')
    .replace(/[\s"'“”*_`)$.!]{1,9}$/, '')
    .replace(/ ?(?:stars?|points?)$/i, '');
}

/** `★★★★☆`: as many as are filled, of as many as the scale has. */
function starGlyphs(text: string, scale: RatingScale): number | undefined {
  const found = /^[\s*]*((?:★|⭐️?|🌟){1,10})(½?)(☆{0,9})[\s*.]*$/u.exec(text);
  if (!found) return undefined;
  const full = [...(found[1] as string).replace(/\uFE0F/g, '')].length;
  const empty = (found[3] as string).length;
  const half = found[2] === '' ? 0 : 0.5;
  if (empty > 0 && Math.ceil(full + half) + empty !== scale.max) return Number.NaN;
  return full + half;
}

/** The answer of a mathematical mind: `\boxed{4}`. */
const BOXED = /\\boxed\{([^{}]{0,40})\}/g;

const CHINESE: Readonly<Record<string, string>> = Object.fromEntries(
  [...'零一二三四五六七八九十'].map((word, value) => [word, String(value)]),
);

/** A text with digits of any script as 0 to 9, and counted stars of Chinese, Japanese and Korean as stars. */
function plainForm(text: string): string {
  return plainDigits(text)
    .replace(/⁄/g, '/')
    .replace(/(?<=[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}])(?=\d)/gu, ' ')
    .replace(/满分(?:为|是)?\s?\d{1,2}\s?分?[,，]?/g, ' ')
    .replace(/[零一二三四五六七八九十](?=\s?(?:分|星|颗星|つ星))/g, (word) => CHINESE[word] ?? word)
    .replace(/(?<=\d)\s?(?:分|星|颗星|つ星|点|점)(?!\p{L})/gu, ' stars');
}
