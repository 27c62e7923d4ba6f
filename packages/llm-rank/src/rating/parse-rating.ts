import { answerText, findJson, NUMBER_WORDS, numberOf, unusableText } from '@palate/llm';
import type { RatingScale } from './rating-rows.js';

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

const DIGITS = '(?:\\d{1,3}(?:[.,]\\d{1,3})?|[.,]\\d{1,2}|\\d?[½¼¾]|\\d 1/2)';
const NUMBER = `(?:${DIGITS}(?: and a half)?|(?:${NUMBER_WORDS})(?: and a half| point five)?)`;
/** A number as a word or figure of its own: no part of a word, a date, a percentage, an ordinal, a counted thing. */
const ALONE = `(?<![\\p{L}\\d.,/+-]|\\d[-–] ?)(${NUMBER})(?![\\p{L}\\d%½¼¾]|[.,]\\d|(?:st|nd|rd|th)\\b)`;

/** `4/5`, `4 out of 5`, `4 of 5`. */
const OUT_OF = new RegExp(
  `(?<![\\p{L}\\d.,/-])(-?${NUMBER})(?: (?:stars?|points?))? ?(?:/|out of|of|von|sur|de) ?(${NUMBER})(?![\\p{L}\\d%]|[.,]\\d)`,
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
  '(?:(?:final |predicted |my |expected |estimated |overall |likely )*(?:rating|score|prediction|estimate|answer|verdict|stars|note|评分|評価))';
const BRIDGE =
  '(?:\\s|[*_:=→>"\'`(~≈-]|\\b(?:is|would be|will be|of|be|as|a|an|about|around|approximately|roughly|probably|likely|at|for (?:this|it|the)(?: \\p{L}{1,12})?)\\b){1,12}';
const LABELLED = new RegExp(`\\b${LABEL}${BRIDGE}${ALONE}`, 'giu');
const STARS = new RegExp(`${ALONE}(?:[- ](?:full |solid |shining )?stars?\\b| ?[★⭐])`, 'giu');
const VERB =
  /\b(?:rates?|rating|gives?|say|predict|guess|estimate|choose|pick|expect|assign|go (?:with|for)|settle on|score)\b/i;
const NEGATED = /\b(?:not|never|no|n't|cannot)\b|n['’]t\b/i;

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
  const { text, hadReasoning } = answerText(answer);
  if (text === '')
    return fail(hadReasoning ? 'reasoning alone' : isCut ? 'cut at the length limit' : 'empty answer');
  const within = (value: number): ReadRating =>
    value >= scale.min && value <= scale.max ? { ok: true, value } : fail('rating outside of the scale');

  if (isCut && new RegExp(`${ALONE}[.,]?$`, 'iu').test(text)) return fail('cut at the length limit');
  const bare = numberOf(withoutFrame(text));
  if (bare !== undefined) return within(bare);
  const glyphs = starGlyphs(text, scale);
  if (glyphs !== undefined) return within(glyphs);
  const json = ratingInJson(text, scale);
  if (json) return json;
  const unusable = unusableText(text);
  if (unusable !== undefined) return fail(UNUSABLE[unusable]);

  const shares: number[] = [];
  let isForeign = false;
  let isRange = false;
  const plain = text
    .replace(/[*_`]{1,3}/g, '')
    .replace(SCALE_MENTION, ' ')
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
  const lines = plain.split('\n').map((line) => line.trim());
  const filled = lines.filter((line) => line !== '');
  const all = (pattern: RegExp, from = plain): number[] =>
    [...from.matchAll(pattern)].map((match) => numberOf(match[1] as string) ?? Number.NaN);
  const ends = [filled[0], filled.at(-1)].map((line) => numberOf(withoutFrame(line ?? '')));
  const readings: readonly (readonly number[])[] = [
    all(LABELLED),
    shares,
    // "12 Monkeys: 4", a line that is a number alone, or one that begins with it: "4 - a fine film".
    filled.flatMap((line) => {
      const number = new RegExp(`(?:[:=→]|(?<=\\s)[-–—]) ?${ALONE}[.!]?$`, 'iu').exec(line)?.[1];
      return number === undefined ? [] : [numberOf(number) ?? Number.NaN];
    }),
    ends.filter((value): value is number => value !== undefined),
    all(STARS),
    clausesOf(plain).flatMap((clause) => {
      if (!VERB.test(clause) || NEGATED.test(clause)) return [];
      const said = all(new RegExp(ALONE, 'giu'), withoutPronouns(clause)).at(-1);
      return said === undefined ? [] : [said];
    }),
    all(new RegExp(`^${ALONE}(?: ?[-–—,;:.!(]| because\\b| since\\b)`, 'giu'), filled[0] ?? ''),
    NEGATED.test(filled.at(-1) ?? '')
      ? []
      : all(
          new RegExp(
            `\\b(?:an?|about|around|approximately|roughly|probably|maybe|perhaps|likely|solid|strong|weak|definitely|is|it's) ${ALONE}[.!]?$`,
            'giu',
          ),
          filled.join(' '),
        ),
  ];
  for (const [kind, values] of readings.entries()) {
    const distinct = new Set(values);
    if (distinct.size === 0) continue;
    if (distinct.size === 1) return within([...distinct][0] as number);
    // Of several labelled ones the last is meant where it is called final.
    const final =
      kind === 0 && /\bfinal\b[^\n]{0,40}$/i.test(plain.slice(0, plain.lastIndexOf(String(values.at(-1)))));
    return final ? within(values.at(-1) as number) : fail('several ratings in the answer');
  }
  if (isRange) return fail('several ratings in the answer');
  if (isForeign) return fail('rating on another scale');
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
    .replace(/^[\s"'“”*_`(~≈]{1,9}/, '')
    .replace(/[\s"'“”*_`).!]{1,9}$/, '')
    .replace(/ ?(?:stars?|points?)$/i, '');
}

/** Clauses: a reason or another sentence tells of other numbers. */
function clausesOf(text: string): string[] {
  return text.split(
    /[\n;]|[.!?](?=\s|$)|,(?=\s)|\b(?:because|since|as (?:they|he|she|it|the)|given|based on|although|though|but|while|whereas|considering|which|who|after|compared)\b/i,
  );
}

/** "this one", "one of the best": words that name no number. */
function withoutPronouns(text: string): string {
  return text
    .replace(/\b(?:this|that|the|which|no|any|another|each|every|some) one\b/gi, ' ')
    .replace(/\bone (?:of|that|who|which|another|could|can|might|would)\b/gi, ' ')
    .replace(
      new RegExp(
        `\\b(?:${NUMBER_WORDS})\\b(?= (?!stars?\\b|points?\\b|out\\b|and a half\\b|overall\\b|for\\b|here\\b)\\p{L})`,
        'giu',
      ),
      ' ',
    );
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

/** The number in an object such as `{"rating": 4}`; undefined where the answer is no JSON. */
function ratingInJson(text: string, scale: RatingScale): ReadRating | undefined {
  if (!/[{[]/.test(text)) return undefined;
  const found = findJson(text);
  if (!found.ok) return undefined;
  const { value } = found;
  const inside =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : Array.isArray(value) && value.length === 1
        ? { rating: value[0] as unknown }
        : undefined;
  if (!inside) return undefined;
  const entries = Object.entries(inside);
  const named = entries.filter(([name]) => /rating|score|stars|prediction|answer/i.test(name));
  const [chosen] = named.length > 0 ? named : entries.length === 1 ? entries : [];
  if (!chosen || named.length > 1) return undefined;
  const number = chosen[1];
  if (typeof number === 'number')
    return number >= scale.min && number <= scale.max
      ? { ok: true, value: number }
      : { ok: false, fault: 'rating outside of the scale' };
  return typeof number === 'string' && !/[{[]/.test(number) ? readRating(number, scale) : undefined;
}
