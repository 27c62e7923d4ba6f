import { listEntry, numberOf } from '@palate/llm';

const ORDINALS = 'first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth';

/** The beginning of an entry in a list of lines: a bullet, a number, `Rank 1:`, `1st:`, `First:`. */
export const LISTED: RegExp = new RegExp(
  `^\\s*(?:[-*•‣·–]\\s|#?\\(?\\d{1,4}[.):、）]\\s|\\[\\d{1,4}\\]\\s|(?:rank|place|position)\\s?#?\\d{1,3}\\s?[:.)–-]\\s?|\\d{1,3}(?:st|nd|rd|th)(?: place)?\\s?[:.)–-]\\s|(?:${ORDINALS})(?: place| choice)?\\s?[:–-]\\s)`,
  'i',
);

/** Numbers and signs between them alone: `3, 1, 2`, `3 > 1`, `(3, 1, 2)`, `**3** **1**`, `3-1-2`. */
export function bareNumbers(text: string): number[] | undefined {
  const plain = text.replace(/[[\](){}<*_`#]/g, ' ').trim();
  if (
    text.includes('\n') ||
    !/^\d{1,4}(?:\s{0,9}(?:[\s,，、;；|→>–-]|>>)\s{0,9}#?\d{1,4})+[\s.>]*$/.test(plain)
  )
    return undefined;
  const numbers = (plain.match(/\d+/g) ?? []).map(Number);
  // "3-4" may be a range.
  return numbers.length === 2 && /\d\s*[-–]\s*\d/.test(plain) ? undefined : numbers;
}

/** Rows of a table of Markdown: the number in the column of candidates, where there is one, and all cells. */
export function tableRows(
  lines: readonly string[],
): { readonly number: number | undefined; readonly cells: readonly string[] }[] | undefined {
  const rows = lines
    .map((line) => line.trim())
    .filter((line) => /^\|.*\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.replace(/[*_`]/g, '').trim()),
    );
  const ruler = rows.findIndex((row) => row.every((cell) => /^:?-+:?$/.test(cell)));
  if (ruler !== 1) return undefined;
  const column = (rows[0] as string[]).findIndex((cell) =>
    /^(?:candidates?|(?:candidate )?(?:number|no\.?|id)|option|item)$/i.test(cell),
  );
  return rows.slice(2).map((cells) => ({ number: numberOf(cells[column] ?? ''), cells }));
}

/** Parts of one line that may be entries, without what announces them. */
export function partsOfLine(line: string, named: (part: string) => number): string[] {
  const plain = line.replace(/[*_`]/g, '').replace(/\s\((?:from )?best (?:to|first)[^()]{0,20}\)/i, '');
  const announced = /^([^:：]{1,60})[:：]\s{0,9}(?=\S)/.exec(plain);
  const isLabel =
    announced !== null &&
    named(plain) === 0 &&
    !/\b(?:not|exclud\w*|except|avoid|worst|least)\b/i.test(announced[1] ?? '');
  return (isLabel ? plain.slice(announced[0].length) : plain)
    .split(/[,，、;；>→|]|\bthen\b/)
    .flatMap((part) => (named(part) === 0 ? part.split(/\band\b|&/) : [part]))
    .map((part) => listEntry(part.replace(/^[\s[({<]+|[\s\])}>]+$/g, '')))
    .filter((part) => part !== '');
}

const AROUND =
  /^(?:\s*(?:(?:the|best|one|is|are|first|last|second|third|candidates?|numbers?|items?|options?|films?|movies?|books?|i|i'd|we|my|recommend|would|pick|choose|rank|ranking|order|top|with|followed|by|finally|lastly|next|and|as|then|answer|no)\b|#))+/i;

/** The number in a part of a sentence that says nothing but that it comes next: `the best is 3`. */
export function numberAmong(part: string): number | undefined {
  const rest = part.replace(AROUND, '').trim();
  return /^\d{1,4}$/.test(rest) ? Number(rest) : undefined;
}
