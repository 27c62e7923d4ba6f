import { expect, test } from 'vitest';
import { showReport } from '../src/show-report.js';

const value = (mean: number) => ({ mean, low: mean - 0.01, high: mean + 0.01 });
const report = {
  title: 'Shop',
  caption: 'full catalogue; history masked; pessimistic ties',
  metrics: ['ndcg@10', 'hr@10'],
  rows: [
    {
      system: 'A recommender with a very long name indeed',
      metrics: { 'ndcg@10': value(0.1234), 'hr@10': value(0.5) },
    },
    { system: 'EASE', metrics: { 'ndcg@10': value(0.05), 'hr@10': value(0.25) } },
  ],
};

test('a report fits the terminal: values with their intervals where there is room, no number is ever cut', () => {
  const wide = showReport(report, 120);
  expect(wide.join('\n')).toContain('0.1234 [0.1134, 0.1334]');
  const narrow = showReport(report, 44);
  for (const line of narrow) expect(line.length).toBeLessThanOrEqual(44);
  expect(narrow.find((line) => line.startsWith('EASE'))?.replace(/ +/g, ' ')).toBe('EASE 0.0500 0.2500');
  expect(narrow.find((line) => line.includes('0.1234'))).toMatch(/^A recommender.*… +0\.1234 +0\.5000$/);
  expect(narrow.join(' ')).toContain('--json includes them');
});
