import { fitWidth, table, terminalWidth, wrapped } from '@palate/command-line';
import type { AttributeValue, OutcomeCounts } from '@palate/core';
import type { Answer } from '@palate/engine';

/** How an answer is shown. */
export interface ShowOptions {
  /** Columns of a line. Default the terminal's. */
  readonly width?: number | undefined;
  /** Whether profile, candidates and the sources of every part are shown, as where reasons were asked for. */
  readonly whole?: boolean | undefined;
}

/** An answer as lines of text: what was understood, the items with reasons or facts, and where each part comes from. */
export function showAnswer(
  answer: Answer,
  { width = terminalWidth(), whole = false }: ShowOptions = {},
): string[] {
  const { keywords, candidates, items, sources, understood } = answer;
  const source = (text: string): string[] => wrapped(`     [${text}]`, width);
  const hasReasons = items.some(({ reason }) => reason !== undefined);
  return [
    ...(whole
      ? [
          ...wrapped(`Profile: ${keywords.join(', ') || '(none)'}`, width),
          ...source(sources.profile),
          ...wrapped(
            `Candidates: ${candidates.length}, ${candidates
              .slice(0, 5)
              .map(({ title }) => shortened(title))
              .join('; ')}${candidates.length > 5 ? '; …' : ''}`,
            width,
          ),
          ...source(sources.candidates),
          '',
          'Ranked',
        ]
      : understood
        ? source(sources.profile)
        : []),
    ...(items.length === 0 ? ['nothing was found'] : []),
    ...(hasReasons ? itemsWithReasons(items, width) : itemsInLines(items, width)),
    ...(whole
      ? [...source(`order: ${sources.order}`), ...source(`reasons: ${sources.explanations}`)]
      : [...source(`${sources.candidates}; order: ${sources.order}`)]),
    ...outcomesInWords(answer.outcomes).flatMap(source),
  ];
}

/** A title in a list of several. */
export const shortened = (title: string): string => fitWidth(title, 40).trimEnd();

/** Items by rank, each with its whole reason under the title. */
function itemsWithReasons(items: Answer['items'], width: number): string[] {
  const titles = table(
    [
      { heading: '', align: 'right' },
      { heading: '', least: 16 },
    ],
    items.map(({ rank, title }) => [`${rank}.`, title]),
    width,
  );
  return titles.flatMap((line, k) => [line, ...wrapped(`     ${items[k]?.reason ?? ''}`, width)]);
}

/** Items by rank, a line each, with score and facts. */
function itemsInLines(items: Answer['items'], width: number): string[] {
  return table(
    [
      { heading: '', align: 'right' },
      { heading: '', least: 16 },
      { heading: '', align: 'right' },
      { heading: '', least: 8 },
    ],
    items.map(({ rank, title, score, attributes }) => [
      `${rank}.`,
      title,
      score.toFixed(3),
      factsInWords(attributes),
    ]),
    width,
  );
}

/** Short facts of an item; long texts have no room in a line. */
function factsInWords(attributes: Readonly<Record<string, AttributeValue>>): string {
  return Object.values(attributes)
    .filter((value) => value !== undefined && String(value).length <= 40)
    .map((value) => (Array.isArray(value) ? value.join(', ') : String(value)))
    .join('; ');
}

/** Counts of what fell back or was passed over, by cause. */
export function outcomesInWords(outcomes: readonly OutcomeCounts[]): string[] {
  return outcomes.flatMap(({ source, causes, examples }) =>
    Object.entries(causes).map(([cause, count]) => {
      const example = examples?.[cause]?.replace(/\s+/g, ' ').trim();
      return `${source}: ${cause}${count > 1 ? ` (${count} times)` : ''}${example ? `: ${example}` : ''}`;
    }),
  );
}
