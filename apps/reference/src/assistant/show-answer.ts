import { fitWidth, wrapped } from '@palate/command-line';
import type { Dataset } from '@palate/core';
import type { AssistantAnswer } from './assistant.js';

/** An answer as lines of text: profile, candidates, ranked films with reasons, and where each part comes from. */
export function showAnswer(answer: AssistantAnswer, dataset: Dataset, width: number): string[] {
  const title = (item: number): string => dataset.catalog.itemText(item, ['title']);
  const { keywords, candidates, items, sources } = answer;
  const lines = [
    `Profile     ${keywords.join(', ') || '(none)'}`,
    `            [${sources.profile}]`,
    `Candidates  ${candidates.length}: ${candidates
      .slice(0, 5)
      .map(({ item }) => title(item))
      .join(', ')}, …`,
    `            [${sources.candidates}]`,
    '',
    'Ranked',
  ];
  for (const [rank, { item, explanation }] of items.entries())
    lines.push(`${String(rank + 1).padStart(3)}. ${fitWidth(title(item), 40)} ${explanation}`);
  lines.push(`     [order: ${sources.order}]`, `     [reasons: ${sources.explanations}]`);
  // Where a part comes from, and why a model did not answer, is shown in whole.
  return lines.flatMap((line) =>
    line.length <= width
      ? [line]
      : /^ +\[/.test(line)
        ? wrapped(line, width)
        : [`${line.slice(0, width - 1)}…`],
  );
}
