import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { FlowingText, fitWidth, sideBySide, table, terminalWidth, wrapped } from '../src/index.js';

test('a text takes exactly the columns it is given, whatever its characters', () => {
  expect(fitWidth('Tea', 6)).toBe('Tea   ');
  expect(fitWidth('Tea', 6, 'right')).toBe('   Tea');
  expect(fitWidth('Darjeeling', 6)).toBe('Darje…');
  // Each of these takes two columns.
  expect(fitWidth('煎茶の朝', 5)).toBe('煎茶…');
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '煎', 'é', '👩‍🍳', ' ', '-') }),
      fc.integer({ min: 1, max: 20 }),
      (text, width) => {
        expect(stringWidth(fitWidth(text, width))).toBe(width);
      },
    ),
  );
});

test('a table fits the width: long columns give way, and what does not fit ends in an ellipsis', () => {
  const columns = [
    { heading: '', align: 'right' as const },
    { heading: 'title', least: 8 },
    { heading: 'score', align: 'right' as const },
  ];
  const rows = [
    ['1.', 'Darjeeling First Flush', '0.102'],
    ['2.', 'Cup', '0.09'],
  ];
  expect(table(columns, rows, 40)).toEqual([
    '    title                   score',
    '1.  Darjeeling First Flush  0.102',
    '2.  Cup                      0.09',
  ]);
  expect(table(columns, rows, 22)).toEqual([
    '    title        score',
    '1.  Darjeeling…  0.102',
    '2.  Cup           0.09',
  ]);
  for (let width = 8; width < 60; width++)
    for (const line of table(columns, rows, width))
      expect(stringWidth(line)).toBeLessThanOrEqual(Math.max(width, 16));
});

test('long lines are wrapped under their first word; nothing is lost but words that fit no line', () => {
  expect(wrapped('  one two three', 9)).toEqual(['  one two', '  three']);
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,8}$/)), (words) => {
      expect(wrapped(words.join(' '), 10).join(' ').trim().split(' ').filter(Boolean)).toEqual(words);
    }),
  );
});

test('lists side by side keep to the width', () => {
  const columns = Array.from({ length: 5 }, (_, k) => ({
    heading: `List ${k}`,
    lines: ['a'.repeat(50), 'b'],
  }));
  for (const width of [20, 40, 80, 120])
    for (const line of sideBySide(columns, width).split('\n')) expect(line.length).toBeLessThanOrEqual(width);
});

test('the width is that of COLUMNS, of the terminal, or 120', () => {
  expect(terminalWidth({ COLUMNS: '72' }, 200)).toBe(72);
  expect(terminalWidth({}, 200)).toBe(200);
  expect(terminalWidth({ COLUMNS: 'wide' }, undefined)).toBe(120);
});

test('a text in pieces comes out word by word, in lines that fit, however it is cut', () => {
  const written: string[] = [];
  const text = new FlowingText((part) => written.push(part), 12);
  text.add('A quick ');
  expect(written.join('')).toBe('A quick');
  text.add('bro');
  expect(written.join('')).toBe('A quick');
  text.add('wn fox\n\njumps');
  text.end();
  expect(written.join('')).toBe('A quick\nbrown fox\njumps\n');
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-c]{1,9}$/), { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(200), { maxLength: 10 }),
      fc.integer({ min: 9, max: 30 }),
      (words, cuts, width) => {
        const whole = words.join(' ');
        const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length].sort((a, b) => a - b);
        let out = '';
        const flowing = new FlowingText((part) => {
          out += part;
        }, width);
        for (const [k, from] of at.slice(0, -1).entries()) flowing.add(whole.slice(from, at[k + 1]));
        flowing.end();
        expect(out).toBe(`${wrapped(whole, width).join('\n')}\n`);
      },
    ),
  );
});
