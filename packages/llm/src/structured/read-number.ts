const WORDS: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
};

const FRACTIONS: Readonly<Record<string, number>> = {
  '½': 0.5,
  '¼': 0.25,
  '¾': 0.75,
  '⅓': 1 / 3,
  '⅔': 2 / 3,
};

/** Numbers in other languages, from one; they count only where they are the whole text. */
const OTHER_WORDS: Readonly<Record<string, number>> = Object.fromEntries(
  [
    'eins zwei drei vier fünf sechs sieben acht neun zehn',
    'un deux trois quatre cinq six sept huit neuf dix',
    'uno dos tres cuatro cinco seis siete ocho nueve diez',
    'uno due tre quattro cinque sei sette otto nove dieci',
    'um dois três quatro cinco seis sete oito nove dez',
    '一 二 三 四 五 六 七 八 九 十',
  ].flatMap((words) => words.split(' ').map((word, at) => [word, at + 1])),
);

/**
 * A text with the decimal digits of every script as 0 to 9: `٤`, `४` and `４` are 4.
 */
export function plainDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    // The ten digits of a script have consecutive code points, and the mathematical ones follow ten by ten.
    const code = digit.codePointAt(0) as number;
    let before = 0;
    while (/^\p{Nd}$/u.test(String.fromCodePoint(code - before - 1))) before++;
    return String(before % 10);
  });
}

/** Words of numbers from zero to ten, for patterns. */
export const NUMBER_WORDS: string = Object.keys(WORDS).join('|');

/**
 * The number that a text is: digits with a point or a comma (`4.5`, `.5`, `3,5`), a fraction (`3½`, `3 1/2`) or a
 * word (`four`, `four and a half`, `vier`), with a mark of numbering before or after it (`#3`, `3.`).
 *
 * @returns undefined where the text is anything else, or more than a number
 */
export function numberOf(text: string): number | undefined {
  const plain = plainDigits(text)
    .trim()
    .toLowerCase()
    .replace(/^(?:#|no\. ?)(?=\d)/, '')
    .replace(/[.)]$/, '');
  if (Object.hasOwn(OTHER_WORDS, plain)) return OTHER_WORDS[plain];
  const spoken = /^([a-z]+)( and a half| point five)?$/.exec(plain);
  if (spoken) {
    const value = WORDS[spoken[1] as string];
    return value === undefined ? undefined : value + (spoken[2] ? 0.5 : 0);
  }
  const written = /^([+-]?\d*)(?:\s?([½¼¾⅓⅔])|\s(1\/2|1\/4|3\/4)| and a half)$/.exec(plain);
  if (written) {
    const whole = written[1] === '' ? 0 : Number(written[1]);
    const part =
      written[2] !== undefined
        ? (FRACTIONS[written[2]] as number)
        : written[3] === '1/4'
          ? 0.25
          : written[3] === '3/4'
            ? 0.75
            : 0.5;
    return Number.isFinite(whole) ? whole + part : undefined;
  }
  if (/^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(plain)) return Number(plain.replaceAll(',', ''));
  return /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[+-]?\d+)?$/.test(plain)
    ? Number(plain.replace(',', '.'))
    : undefined;
}
