import { numberOf } from '@palate/llm';
import type { RequestLimit, Stretch } from './understood-request.js';

/** Words that set an upper bound; with `or more` behind them they would set a lower one. */
const AT_MOST =
  'at most|no more than|not more than|nothing (?:over|above|longer than|more than)|no longer than|not longer than|less than|fewer than|shorter than|cheaper than|under|below|within|up to|max(?:imum)?(?: of)?';
const AT_LEAST =
  'at least|no less than|not less than|no fewer than|nothing (?:under|below|shorter than|less than)|no shorter than|not shorter than|more than|longer than|over|above|min(?:imum)?(?: of)?';

const COUNT =
  '(?:\\d+(?:[.,]\\d+)?(?:\\s?[½¼¾])?|½|an?|half an|one|two|three|four|five|six|seven|eight|nine|ten)';
const HOURS = `(?:${COUNT}[ -]?(?:and a half )?(?:hours?|hrs?|h)\\b(?:\\s?(?:and )?(?:a half|a quarter|${COUNT}[ -]?(?:minutes?|mins?|m)\\b))?)`;
const MINUTES = '(?:\\d+[ -]?(?:minutes?|mins?)\\b)';
const DURATION = `(?:${HOURS}|${MINUTES})`;
const PAGES = '(?:\\d+(?:,\\d{3})?[ -]?(?:pages?|pp)\\b)';
const PRICE =
  '(?:[$€£]\\s?\\d+(?:[.,]\\d+)?|\\d+(?:[.,]\\d+)?\\s?(?:dollars|euros?|pounds|bucks|usd|eur|gbp)\\b)';
const YEAR = '(?:(?:1[89]|20)\\d\\d(?!\\d|\\s?(?:pages|minutes|mins|dollars|euros)))';
const DECADE = "(?:(?:the )?(?:(?:1[89]|20)?\\d0)['’]?s\\b)";

/** Words before a time that is of the story, and not of its making. */
const STORY =
  /\b(?:set|sets?|takes? place|taking place|happen(?:s|ed|ing)?|plays?|about|story|stories|during|events?|born|grew up|live[sd]?)\b[^.;!?,]{0,40}$/i;

/**
 * Words which say that a year is remembered or guessed of one film, and not asked for: "I think it is from the 90s", "I saw it
 * between 2010 and 2014".
 */
const REMEMBERED =
  /\b(?:think|thought|believe|guess(?:ing)?|assum(?:e|ing)|maybe|probably|possibly|perhaps|presumably|likely|might|would say|sure|certain|confident|remember|recall|seem(?:s|ed)?|looks|looked|around|roughly|approximately|circa|saw|seen|watched|rented|aired|caught)\b[^.;!?\n]{0,60}$|\b(?:it|this|that|movie|film|book|one|show)(?:['’]s| was| is| were| has to be| had to be| came)\b[^.;!?\n]{0,30}$/i;

interface Rule {
  readonly attribute: string;
  readonly pattern: RegExp;
  /** Bounds that a match sets; undefined where it sets none. */
  readonly bounds: (match: RegExpExecArray) => { readonly min?: number; readonly max?: number } | undefined;
}

const amount = (attribute: string, quantity: string, read: (words: string) => number | undefined): Rule[] =>
  (
    [
      [AT_MOST, 'max'],
      [AT_LEAST, 'min'],
    ] as const
  ).map(([words, side]) => ({
    attribute,
    pattern: new RegExp(
      `(?:\\b(?:it|that|which|they|running|lasting|something|anything)\\s+(?:is|are|runs?|lasts?|costs?)?\\s*)?\\b(?:${words})\\s+(?:about |around |of )?(${quantity})(?:\\s+(?:long|each|per person|please))?`,
      'gi',
    ),
    bounds: (match) => {
      const value = read(match[1] as string);
      return value === undefined ? undefined : { [side]: value };
    },
  }));

/** Years: `nothing after 1990` keeps 1990 itself, `before 1990` does not. */
const YEARS: readonly Rule[] = [
  {
    attribute: 'year',
    pattern: new RegExp(
      `\\b(?:made |released |filmed |shot |published |written |out )?(?:between|from)\\s+(${YEAR})\\s*(?:and|to|until|till|through|-|–)\\s*(${YEAR})`,
      'gi',
    ),
    bounds: ([, from, to]) => ({ min: Number(from), max: Number(to) }),
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `\\b(?:nothing|none|no (?:film|movie|book|novel|record|album|show|game|thing)s?|not|no)(?: made| released| published| written| from)?\\s+(?:newer than|later than|more recent than|after|past|since)\\s+(?:the year )?(${YEAR})`,
      'gi',
    ),
    bounds: ([, year]) => ({ max: Number(year) }),
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `\\b(?:nothing|none|no (?:film|movie|book|novel|record|album|show|game|thing)s?|not|no)(?: made| released| published| written| from)?\\s+(?:older than|earlier than|before)\\s+(?:the year )?(${YEAR})`,
      'gi',
    ),
    bounds: ([, year]) => ({ min: Number(year) }),
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `(?:\\b(?:made|released|filmed|shot|published|written|from|dating|out)\\s+)?\\b(?:before|prior to|older than|earlier than|up until|until)\\s+(?:the year )?(${YEAR})|\\bpre-?\\s?(${YEAR})`,
      'gi',
    ),
    bounds: (match) => ({
      max: Number(match[1] ?? match[2]) - (/\bunt?il\s|\btill\s/i.test(match[0]) ? 0 : 1),
    }),
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `(?:\\b(?:made|released|filmed|shot|published|written|from|dating|out)\\s+)?\\b(?:(after|newer than|later than|more recent than)|since|from)\\s+(?:the year )?(${YEAR})(\\s+(?:on(?:wards?)?|or (?:later|newer)))?|\\bpost-?\\s?(${YEAR})`,
      'gi',
    ),
    bounds: (match) => {
      const [words, after, year, onwards, post] = match;
      if (post !== undefined) return { min: Number(post) + 1 };
      if (after !== undefined) return { min: Number(year) + 1 };
      // "From 1990" is that year; "since 1990" and "from 1990 on" begin with it.
      if (onwards !== undefined || /\bsince\b/i.test(words)) return { min: Number(year) };
      return { min: Number(year), max: Number(year) };
    },
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `\\b(?:nothing|no (?:film|movie|book)s?|not)\\s+(?:after|past|newer than|later than|since)\\s+(${DECADE})`,
      'gi',
    ),
    bounds: ([, words]) => decade(words, (first) => ({ max: first + 9 })),
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `\\b(?:nothing|no (?:film|movie|book)s?|not)\\s+(?:before|older than|earlier than)\\s+(${DECADE})`,
      'gi',
    ),
    bounds: ([, words]) => decade(words, (first) => ({ min: first })),
  },
  {
    attribute: 'year',
    pattern: new RegExp(
      `\\b(?:made in|released in|filmed in|shot in|published in|written in|from|out of)\\s+(?:the (?:early|mid|late)[ -])?(${DECADE})(?:\\s*(?:and|or|to|-|–)\\s*(${DECADE}))?`,
      'gi',
    ),
    bounds: ([, first, second]) =>
      decade(first, (min) =>
        decade(second ?? first, (last) => ({ min: Math.min(min, last), max: Math.max(min, last) + 9 })),
      ),
  },
  {
    attribute: 'year',
    pattern: new RegExp(`\\b(?:made|released|filmed|shot|published|written)\\s+in\\s+(${YEAR})`, 'gi'),
    bounds: ([, year]) => ({ min: Number(year), max: Number(year) }),
  },
];

/** Words before a number that is of people or things, and no price: "for kids under 10". */
const COUNTED =
  /\b(?:kids?|child(?:ren)?|babies|baby|toddlers?|teens?|teenagers?|girls?|boys?|adults?|people|persons?|players?|men|women|anyone|someone|everyone|those|aged?|ages)\s+(?:of |who are |that are )?$/i;

/** A bound at the end of a clause that names no unit, which is a price where there are prices: "under 40", "costs less than 40". */
const BARE_PRICE: readonly Rule[] = (
  [
    [AT_MOST, 'max'],
    [AT_LEAST, 'min'],
  ] as const
).map(([words, side]) => ({
  attribute: 'price',
  pattern: new RegExp(
    `(?:\\b(?:which |that |it )?(?:for|costs?|costing|priced?(?: is)?|at a price)\\s+)?\\b(?:${words})\\s+(?:about |around )?(\\d+(?:[.,]\\d+)?)(?:\\s+(?:each|please))?(?=\\s*(?:$|[,;!?)]|\\.(?!\\d)|\\b(?:and|but|or|for|with|without|no)\\b))`,
    'gi',
  ),
  bounds: ([, value]) => ({ [side]: numberOf(value as string) }),
}));

const RULES: readonly Rule[] = [
  ...YEARS,
  ...amount('minutes', DURATION, minutesOf),
  ...amount('pages', PAGES, (words) => Number(words.replace(',', '').match(/\d+/)?.[0])),
  ...amount('price', PRICE, (words) => numberOf(words.replace(/[^\d.,]/g, ''))),
];

/** The first year of a decade: `90s` is 1990, `20s` is 2020; undefined for what is none. */
function decade<T>(words: string | undefined, use: (first: number) => T): T | undefined {
  const digits = words?.match(/\d+/)?.[0];
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (digits.length === 4) return use(value);
  return use(value <= 20 ? 2000 + value : 1900 + value);
}

/** Minutes of "two hours", "an hour and a half", "2 h 15 min", "90 minutes"; undefined where it is no duration. */
export function minutesOf(words: string): number | undefined {
  const text = words.toLowerCase().replace(/-/g, ' ').trim();
  const alone = /^(\d+)\s?(?:minutes?|mins?)$/.exec(text);
  if (alone) return Number(alone[1]);
  const parts =
    /^(.+?)\s?(and a half )?(?:hours?|hrs?|h)(?:\s?(?:and )?(?:(a half)|(a quarter)|(\d+|an?|\w+)\s?(?:minutes?|mins?|m)))?$/.exec(
      text,
    );
  if (!parts) return undefined;
  const [, count = '', half, halfBehind, quarter, minutes] = parts;
  const hours = /^an?$/.test(count) ? 1 : count === 'half an' || count === '½' ? 0.5 : numberOf(count.trim());
  if (hours === undefined) return undefined;
  const more = minutes === undefined ? 0 : numberOf(minutes);
  if (more === undefined) return undefined;
  return Math.round(60 * hours + (half || halfBehind ? 30 : 0) + (quarter ? 15 : 0) + more);
}

/**
 * Finds limits on numbers, with their positions. Rules come first that know more words.
 *
 * @param isPriced - whether a number without a unit bounds the price
 */
export function findLimits(
  text: string,
  taken: readonly Stretch[],
  isPriced: boolean,
): (RequestLimit & Stretch)[] {
  const found: (RequestLimit & Stretch)[] = [];
  for (const { attribute, pattern, bounds } of isPriced ? [...RULES, ...BARE_PRICE] : RULES)
    for (const match of text.matchAll(pattern)) {
      const [from, to] = [match.index, match.index + match[0].length];
      if ([...taken, ...found].some((other) => from < other.to && to > other.from)) continue;
      if (attribute === 'year' && (STORY.test(text.slice(0, from)) || REMEMBERED.test(text.slice(0, from))))
        continue;
      if (attribute === 'price' && COUNTED.test(text.slice(0, from))) continue;
      const limit = bounds(match);
      if (!limit || Object.values(limit).some((value) => !Number.isFinite(value))) continue;
      found.push({ attribute, ...limit, words: match[0].trim(), from, to });
    }
  return found.sort((a, b) => a.from - b.from);
}
