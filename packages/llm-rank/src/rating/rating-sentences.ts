import { NUMBER_WORDS, numberOf } from '@palate/llm';

/** Digits of a number, for patterns: at most three before the point. */
export const DIGITS = '(?:\\d{1,3}(?:[.,]\\d{1,3})?|[.,]\\d{1,2}|\\d?[½¼¾]|\\d 1/2)';
/** A number in digits or words, for patterns. */
export const NUMBER: string = `(?:${DIGITS}(?: and a half)?|(?:${NUMBER_WORDS})(?: and a half| point five)?)`;
/** A number as a word or figure of its own: no part of a word, a date, a percentage, an ordinal, a counted thing. */
export const ALONE: string = `(?<![\\p{L}\\d.,/+-]|\\d[-–] ?)(${NUMBER})(?![\\p{L}\\d%½¼¾]|[.,]\\d|(?:st|nd|rd|th)\\b)`;

const VERB =
  /\b(?:rates?|rating|gives?|say|think|predict|guess|estimate|choose|pick|expect|assign|go(?:ing)? (?:with|for)|settle on|score|gets?)\b/i;
/** Words about the rating to come, not of those that were given. */
const PREDICTING =
  /\b(?:would|will|predict(?:ed|ion)?|guess|estimate|expect|going (?:to|with))\b|['’](?:d|ll)\b|\bI (?:say|choose|pick|go (?:with|for)|settle on)\b/i;
const COUNTERFACTUAL = /\b(?:would|could|might|should|['’]d) have\b/i;

/** Words that negate their neighbours. */
export const NEGATED: RegExp = /\b(?:not|never|no|n't|cannot)\b|n['’]t\b/i;

/** A change of mind after a rating: of two numbers neither is certain. */
const CORRECTION = new RegExp(
  `${ALONE}[^\\n]{0,40}?(?:→|->|=>|\\b(?:no,? wait|wait|actually|scratch that|correction|on second thoughts?|make that|or rather)\\b)[^\\n\\p{L}\\d]{0,9}(?:\\p{L}{1,9}[ :]{1,3}){0,3}?${ALONE}`,
  'iu',
);

/** Whether a number is taken back for another. */
export function isCorrected(text: string): boolean {
  const found = CORRECTION.exec(text);
  return found !== null && numberOf(found[1] as string) !== numberOf(found[2] as string);
}

/** Numbers that say how others rate, what is usual, or how certain the answer is. */
const OTHERS = new RegExp(
  `\\b(?:(?:average|mean|avg\\.?|median|usual|typical|past|previous|historical|imdb|metacritic|letterboxd|community|global|critics?['’]?|users['’])(?: user| item| film| movie)? (?:rating|score|star)s?|(?:imdb|metacritic|rotten tomatoes|letterboxd)(?: rating| score)?|(?<!\\p{L})confidence(?: level| score)?)(?:\\s|[*_:=(≈~"']|\\b(?:is|was|of|at|about|around|for (?:this|the|it)(?: \\p{L}{1,12})?|by (?:this|the) user)\\b){1,12}${NUMBER}(?: ?%| ?/ ?\\d{1,3}| out of \\d{1,3})?(?: stars?\\b)?`,
  'giu',
);

/** A text without the numbers that are said of others' ratings, and of confidence. */
export function withoutOthers(text: string): string {
  return text.replace(OTHERS, ' ; ');
}

/** A text without titles in quotes, in which numbers stand: `"Apollo 13"`. */
export function withoutTitles(text: string): string {
  return text.replace(/(?<!^\s*)["“]([^"“”\n]{1,80})["”]/g, (whole, title: string) =>
    /\p{L}/u.test(title) && /\d/.test(title) && !/stars?|points?|out of|\d\s?\/\s?\d|rating/i.test(title)
      ? ' it '
      : whole,
  );
}

/** Clauses: a reason or another sentence tells of other numbers. */
function clausesOf(text: string): string[] {
  return text.split(
    /[\n;]|[.!?](?=\s|$)|,(?=\s)|\b(?:because|since|as (?:they|he|she|it|the)|given|based on|although|though|but|while|whereas|considering|which|who|after|compared)\b/i,
  );
}

const COUNTED = new RegExp(
  `(?<![\\p{L}\\d.,/])(?:${NUMBER_WORDS}|\\d{1,3})\\b(?= (?!stars?\\b|points?\\b|out\\b|and a half\\b|overall\\b|for\\b|here\\b|to\\b|on\\b|in\\b|at\\b|because\\b|since\\b|if\\b|as\\b|given\\b|based\\b|is\\b|or\\b|and\\b|would\\b|though\\b|again\\b|too\\b|with\\b)\\p{L})`,
  'giu',
);

/** "this one", "one of the best", "3 films": words and figures that name no rating. */
function withoutCounted(text: string): string {
  return text
    .replace(/\b(?:this|that|the|which|no|any|another|each|every|some) one\b/gi, ' ')
    .replace(/\bone (?:of|that|who|which|another|could|can|might|would)\b/gi, ' ')
    .replace(COUNTED, ' ');
}

/** The last number of a clause. */
function lastNumber(clause: string): number | undefined {
  const last = [...withoutCounted(clause).matchAll(new RegExp(ALONE, 'giu'))].at(-1)?.[1];
  return last === undefined ? undefined : numberOf(last);
}

/** Numbers that clauses name as a rating. */
export function saidNumbers(text: string): number[] {
  return clausesOf(text).flatMap((clause) => {
    const said = VERB.test(clause) && !NEGATED.test(clause) ? lastNumber(clause) : undefined;
    return said === undefined ? [] : [said];
  });
}

/** The number that the last clause with one predicts; undefined where that clause tells of something else. */
export function predictedNumber(text: string): number | undefined {
  const last = clausesOf(text)
    .filter((clause) => lastNumber(clause) !== undefined)
    .at(-1);
  if (last === undefined || NEGATED.test(last) || COUNTERFACTUAL.test(last)) return undefined;
  const from = last.search(PREDICTING);
  return from < 0 ? undefined : lastNumber(last.slice(from));
}
