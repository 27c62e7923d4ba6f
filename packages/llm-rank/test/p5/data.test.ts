import { InteractionLog, RandomStream } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { P5_TEMPLATES } from '../../src/index.js';
import { checkTemplates, epochExamples } from '../../src/p5/data/epoch-rows.js';
import { fillTemplate } from '../../src/p5/data/fill-template.js';
import { textUnits } from '../../src/p5/data/text-units.js';
import { decimalRating } from '../../src/p5/tasks/decimal-rating.js';
import type { Material } from '../../src/p5/tasks/material.js';
import type { WordList } from '../../src/p5/tasks/slots.js';
import { P5_TASKS } from '../../src/p5/tasks/tasks.js';
import { type P5Template, slotsOf } from '../../src/p5/templates/template.js';
import { templateOf } from '../../src/p5/templates/templates.js';
import { explanationsOf, reviewsOf, smallShop } from './small-shop.js';

const dataset = smallShop();
const split = leaveOneOut(dataset.log);
const { train } = split;

function materialOf(log: InteractionLog, extra: Partial<Material> = {}): Material {
  return {
    log,
    users: Array.from(log.users, (id) => `user_${id}`),
    items: Array.from(log.items, (id) => `item_${id}`),
    titles: Array.from(log.items, (id) => `thing ${id}`),
    histories: Array.from({ length: log.users.size }, (_, user) => log.history(user)),
    scale: { min: 1, max: 5 },
    step: 1,
    ...textUnits(log, { reviews: reviewsOf(log), explanations: explanationsOf(log) }),
    historyLength: 20,
    candidateCount: 8,
    ...extra,
  };
}

const seen = P5_TEMPLATES.filter(({ isHeldOut, isTransfer }) => !isHeldOut && !isTransfer);
const source = { material: materialOf(train), tasks: P5_TASKS, templates: seen, draws: {} };
const words = (value: unknown): string => (value as WordList).words.join(' ');

describe('the templates', () => {
  it('are numbered, one held out in each family, as many as in the paper', () => {
    const count = (prefix: string): number =>
      P5_TEMPLATES.filter(({ id }) => id.startsWith(`${prefix}-`)).length;
    expect(['1', '2', '3', '4', '5', 'Z'].map(count)).toEqual([10, 13, 12, 4, 8, 7]);
    expect(P5_TEMPLATES.filter(({ isHeldOut }) => isHeldOut).map(({ id }) => id)).toEqual([
      '1-10',
      '2-13',
      '3-12',
      '4-4',
      '5-8',
    ]);
    expect(new Set(P5_TEMPLATES.map((template) => template.source)).size).toBe(P5_TEMPLATES.length);
  });

  it('can all be filled by their tasks', () => {
    expect(() => checkTemplates(P5_TEMPLATES, P5_TASKS)).not.toThrow();
  });

  it('name no item of the domain where they transfer to another', () => {
    for (const { source: question, target } of P5_TEMPLATES.filter(({ isTransfer }) => isTransfer))
      for (const slot of [...slotsOf(question), target])
        expect(['item', 'history', 'candidates', 'next']).not.toContain(slot);
  });

  it('are refused with a slot or a task that there is not, or a number that another has', () => {
    const own: P5Template = { id: '9-1', task: 'rating', source: 'How is {itme} ?', target: 'rating' };
    expect(() => checkTemplates([own], P5_TASKS)).toThrow(/itme/);
    expect(() => checkTemplates([{ ...own, task: 'toString' }], P5_TASKS)).toThrow(/toString/);
    expect(() => checkTemplates([...P5_TEMPLATES, { ...own, id: '1-1', source: 'x' }], P5_TASKS)).toThrow(
      /1-1/,
    );
    expect(() => templateOf('1-11')).toThrow(/1-1/);
  });
});

describe('the rows of an epoch', () => {
  const rows = epochExamples(source, 1, 0);
  const ofTask = (name: string) => rows.filter(({ template }) => template.task === name);

  it('are as many of each task as the sampling says, and the same for the same seed', () => {
    const { users } = train;
    expect(ofTask('rating')).toHaveLength(train.length);
    expect(ofTask('next')).toHaveLength(5 * users.size);
    expect(ofTask('choose-next')).toHaveLength(5 * users.size);
    expect(ofTask('is-next')).toHaveLength(10 * users.size);
    expect(ofTask('explanation')).toHaveLength(train.length);
    expect(ofTask('review')).toHaveLength(train.length);
    expect(ofTask('direct-yes-no')).toHaveLength(10 * users.size);
    expect(ofTask('direct-choose')).toHaveLength(5 * users.size);
    expect(epochExamples(source, 1, 0)).toEqual(rows);
    expect(epochExamples(source, 2, 0)).not.toEqual(rows);
    const fewer = epochExamples({ ...source, draws: { next: 0, rating: 0.5 } }, 1, 0);
    expect(fewer.filter(({ template }) => template.task === 'next')).toHaveLength(0);
    const ratings = fewer.filter(({ template }) => template.task === 'rating').length;
    expect(ratings).toBeGreaterThan(0.2 * train.length);
    expect(ratings).toBeLessThan(0.8 * train.length);
  });

  it('never ask by a template that is held out', () => {
    expect(rows.some(({ template }) => template.isHeldOut)).toBe(false);
    expect(new Set(rows.map(({ template }) => template.id)).size).toBe(seen.length);
  });

  it('have a no for every yes', () => {
    for (const name of ['is-next', 'direct-yes-no']) {
      const answers = ofTask(name).map(({ target }) => target);
      expect(answers.filter((answer) => answer === 'yes')).toHaveLength(answers.length / 2);
      expect(answers.filter((answer) => answer === 'no')).toHaveLength(answers.length / 2);
    }
  });

  it('answer by what follows in the history, and name it among the candidates once', () => {
    const historyOf = (user: unknown): string =>
      words({
        words: Array.from(
          train.history(train.users.indexOf(String(user).slice(5))),
          (item) => source.material.items[item],
        ),
      });
    for (const { slots, target } of [...ofTask('next'), ...ofTask('choose-next')])
      expect(historyOf(slots.user)).toContain(`${words(slots.history)} ${target}`);
    for (const { slots, target } of [...ofTask('choose-next'), ...ofTask('direct-choose')]) {
      const candidates = (slots.candidates as WordList).words;
      expect(candidates).toHaveLength(8);
      expect(new Set(candidates).size).toBe(8);
      expect(candidates).toContain(target);
      const own = historyOf(slots.user).split(' ');
      expect(candidates.filter((item) => own.includes(item))).toEqual([target]);
    }
  });

  it('give no pair that is held out a good word, whatever the family', () => {
    const held = new Set(
      [split.test, split.validation as InteractionLog].flatMap((log) =>
        Array.from(
          log.user,
          (user, row) => `user_${log.users.idOf(user)} item_${log.items.idOf(log.item[row] as number)}`,
        ),
      ),
    );
    expect(held.size).toBe(2 * train.users.size);
    let asked = 0;
    for (let epoch = 1; epoch <= 5; epoch++)
      for (const { template, slots, target } of epochExamples(source, epoch, 0)) {
        const task = P5_TASKS[template.task];
        if (task?.family === 'sequential' || task?.family === 'direct') {
          // What is said to be next or wanted; a no may fall on any item, since nobody knows which are held out.
          const item = target === 'yes' ? (slots.next ?? slots.item) : target;
          if (target !== 'no') expect(held).not.toContain(`${slots.user} ${item}`);
          if (target === 'no' && held.has(`${slots.user} ${slots.next ?? slots.item}`)) asked++;
        } else expect(held).not.toContain(`${slots.user} ${slots.item}`);
        if (slots.history)
          for (const item of (slots.history as WordList).words)
            expect(held).not.toContain(`${slots.user} ${item}`);
      }
    // Sparing the test would tell it.
    expect(asked).toBeGreaterThan(0);
  });
});

describe('texts of interactions', () => {
  it('are refused of a pair that is held out, or unknown', () => {
    const all = reviewsOf(dataset.log);
    expect(() => textUnits(train, { reviews: all })).toThrowError(
      expect.objectContaining({ code: 'leak' }) as Error,
    );
    expect(() => textUnits(train, { explanations: explanationsOf(split.test) })).toThrowError(
      expect.objectContaining({ code: 'leak' }) as Error,
    );
    const [first] = reviewsOf(train);
    expect(() => textUnits(train, { reviews: [{ ...(first as (typeof all)[0]), user: 'nobody' }] })).toThrow(
      /nobody/,
    );
    expect(() => textUnits(train, { reviews: [{ ...(first as (typeof all)[0]), text: ' ' }] })).toThrow(
      /empty/,
    );
  });

  it('are asked for by templates that need no more than there is', () => {
    const plain = explanationsOf(train).map((each) => ({ ...each, feature: undefined }));
    const unrated = InteractionLog.fromRows(
      Array.from(train.user, (user, row) => ({
        user: train.users.idOf(user),
        item: train.items.idOf(train.item[row] as number),
        timestamp: train.timestamp[row] as number,
      })),
    );
    const material = materialOf(train, textUnits(unrated, { explanations: plain }));
    const rows = epochExamples({ ...source, material }, 1, 0).filter(
      ({ template }) => template.task === 'explanation',
    );
    expect(rows).toHaveLength(train.length);
    expect(new Set(rows.map(({ template }) => template.id))).toEqual(new Set(['3-1', '3-2', '3-3']));
  });
});

describe('decimal ratings', () => {
  it('stay on the scale, within their bin but for the tails, about its middle', () => {
    const scale = { min: 1, max: 5 };
    const random = new RandomStream(1);
    for (const [rating, from, to] of [
      [1, 1, 1.4],
      [2, 1.5, 2.4],
      [3, 2.5, 3.4],
      [4, 3.5, 4.4],
      [5, 4.5, 5],
    ] as const) {
      const drawn = Array.from({ length: 4000 }, () => decimalRating(rating, scale, 1, random));
      const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
      const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length);
      expect(Math.abs(mean - (from + to) / 2)).toBeLessThan(0.03);
      // The width over 4, and what rounding to tenths adds; cut at the ends of the scale.
      expect(Math.abs(deviation - Math.hypot((to - from) / 4, 0.1 / Math.sqrt(12)))).toBeLessThan(0.02);
      for (const value of drawn) expect(value).toBe(Math.round(value * 10) / 10);
      const inside = drawn.filter((value) => value >= from - 1e-9 && value <= to + 1e-9).length;
      expect(inside / drawn.length).toBeGreaterThan(0.9);
    }
  });

  it('keep to any scale', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 1000 }), (rating, seed) => {
        const value = decimalRating(rating, { min: 0, max: 10 }, 1, new RandomStream(seed));
        return value >= 0 && value <= 10 && Math.abs(value - rating) < 2;
      }),
    );
  });
});

describe('a filled template', () => {
  const one = (word: string): number => (word === '' ? 0 : 1);
  const history = { words: ['a', 'b', 'c', 'd'], keep: 'last' } as const;

  it('keeps the newest of a history and tells how many it lost', () => {
    const template = templateOf('2-2');
    const whole = fillTemplate(template, { history }, 100, one);
    expect(whole).toEqual({ text: 'After a b c d somebody takes what ?', cut: {} });
    const short = fillTemplate(template, { history }, 7, one);
    expect(short).toEqual({ text: 'After c d somebody takes what ?', cut: { history: 2 } });
  });

  it('keeps the right candidate where candidates are cut, and the first of them otherwise', () => {
    const template = templateOf('5-5');
    const words = Array.from({ length: 20 }, (_, k) => `i${k}`);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 19 }), fc.integer({ min: 8, max: 40 }), (right, most) => {
        const { text, cut } = fillTemplate(
          template,
          { user: 'u', candidates: { words, keep: 'first', always: `i${right}` } },
          most,
          one,
        );
        const length = text.split(' ').length;
        return (
          length <= most && text.split(' ').includes(`i${right}`) && length + (cut.candidates ?? 0) === 27
        );
      }),
    );
    const { text } = fillTemplate(template, { user: 'u', candidates: { words, keep: 'first' } }, 9, one);
    expect(text).toBe('Choose an item for u from i0 i1 .');
  });

  it('refuses a slot that nothing fills', () => {
    expect(() => fillTemplate(templateOf('2-1'), { history }, 100, one)).toThrow(/user/);
  });
});
