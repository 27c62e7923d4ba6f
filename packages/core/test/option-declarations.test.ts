import { expect, expectTypeOf, test } from 'vitest';
import {
  ArtifactError,
  defineOptions,
  InteractionLog,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
} from '../src/index.js';

const MODES = ['efficient', 'faithful'] as const;

const SET = defineOptions('Model.fit', {
  mode: option.choice(MODES)({ default: 'efficient', doc: 'which model' }),
  width: option.integer({ min: 1, max: 4096 })({
    default: ({ mode }) => (mode === 'faithful' ? 128 : 64),
    defaultText: '64, or 128 where faithful',
    doc: 'width of the vectors',
  }),
  l2: option.number({ min: 0 }).required({ doc: 'regularisation' }),
  hidden: option.list(option.integer({ min: 1 }))({ default: [200, 80], doc: 'widths of the layers' }),
  beams: option.integer({ min: 1 })({ default: 50, doc: 'beams of the search', identity: () => undefined }),
  note: option.text().optional({ doc: 'a | remark' }),
  validation: option
    .value<InteractionLog>('a log', (value) => value instanceof InteractionLog)
    .optional({ doc: 'held-out interactions' }),
});
type Options = OptionsOf<typeof SET.declarations> & LongCallOptions;

test('types derive from the declarations', () => {
  expectTypeOf<Options['mode']>().toEqualTypeOf<'efficient' | 'faithful' | undefined>();
  expectTypeOf<Options['l2']>().toEqualTypeOf<number>();
  expectTypeOf<Options['hidden']>().toEqualTypeOf<readonly number[] | undefined>();
  const settings = SET.settings({ l2: 1 });
  expectTypeOf(settings.width).toEqualTypeOf<number>();
  expectTypeOf(settings.note).toEqualTypeOf<string | undefined>();
  expectTypeOf(settings.validation).toEqualTypeOf<InteractionLog | undefined>();
});

test('defaults are filled in, and may read the options declared before', () => {
  expect(SET.settings({ l2: 2 })).toMatchObject({
    mode: 'efficient',
    width: 64,
    hidden: [200, 80],
    beams: 50,
  });
  expect(SET.settings({ l2: 2, mode: 'faithful', note: undefined }).width).toBe(128);
});

test('what is unknown, missing or out of bounds is refused by name', () => {
  expect(() => SET.settings({ l2: 1, witdh: 3 } as never)).toThrow(/witdh/);
  expect(() => SET.settings({} as never)).toThrow(/l2 in the options of Model\.fit/);
  expect(() => SET.settings({ l2: 1, width: 0 })).toThrow(InvalidInputError);
  expect(() => SET.settings({ l2: 1, hidden: [200, 0.5] })).toThrow(/hidden\[1\]/);
  expect(() => SET.settings({ l2: 1, validation: {} as never })).toThrow(/validation to be a log/);
  expect(() => SET.settings({ l2: 1, mode: 'other' as never })).toThrow(/mode/);
});

test('the identity changes with every option, the seed and the data, but not with those that decide nothing', () => {
  const log = (item: string) => InteractionLog.fromRows([{ user: 'u', item, timestamp: 1 }]);
  const base = { l2: 1, validation: log('a') };
  const identity = (options: Options, ...rest: unknown[]) => SET.identity(SET.settings(options), ...rest);
  const all = [
    identity(base, 0),
    identity(base, 1),
    identity({ ...base, l2: 2 }, 0),
    identity({ ...base, mode: 'faithful', width: 64 }, 0),
    identity({ ...base, width: 65 }, 0),
    identity({ ...base, hidden: [80, 200] }, 0),
    identity({ ...base, note: 'x' }, 0),
    identity({ ...base, validation: log('b') }, 0),
    identity({ l2: 1 }, 0),
  ];
  expect(new Set(all).size).toBe(all.length);
  expect(identity({ ...base, beams: 3, width: 64, validation: log('a') }, 0)).toBe(all[0]);
});

test('saved settings come back, and forged ones are refused as an artifact error', () => {
  const settings = SET.settings({ l2: 0.5, note: 'x', validation: InteractionLog.fromRows([]) });
  const saved = JSON.parse(JSON.stringify(SET.saved(settings))) as Record<string, unknown>;
  expect(Object.keys(saved)).not.toContain('validation');
  expect(SET.restored('dir', saved)).toEqual({ ...settings, validation: undefined });
  const { width: _, ...withoutWidth } = saved;
  for (const forged of [
    null,
    [],
    'text',
    withoutWidth,
    { ...saved, width: 1e9 },
    { ...saved, mode: 'other' },
    { ...saved, hidden: null },
    { ...saved, further: 1 },
  ])
    expect(() => SET.restored('dir', forged)).toThrow(ArtifactError);
});

test('texts that may not be empty, and functions, are checked as such', () => {
  const set = defineOptions(
    'call',
    {
      model: option.text(1).required({ doc: 'name' }),
      count: option.function<(text: string) => number>()({
        default: (text: string) => text.length,
        defaultText: 'characters',
        doc: 'counts',
      }),
    },
    [],
  );
  expectTypeOf<OptionsOf<typeof set.declarations>['count']>().toEqualTypeOf<
    ((text: string) => number) | undefined
  >();
  // A default that is a function is the value itself, not asked for one.
  expect(set.settings({ model: 'm' }).count('four')).toBe(4);
  expect(set.settings({ model: 'm', count: () => 7 }).count('four')).toBe(7);
  expect(() => set.settings({ model: '' })).toThrow(/model to be text, not empty/);
  expect(() => set.settings({ model: 'm', count: 5 as never })).toThrow(/count to be a function/);
  expect(() => set.settings({ model: 'm', seed: 1 } as never)).toThrow(/among model, count/);
  expect(set.saved(set.settings({ model: 'm' }))).toEqual({ model: 'm' });
});

test('the table names every option with values, default and text', () => {
  const rows = SET.table().split('\n');
  expect(rows).toHaveLength(2 + 7);
  expect(rows[3]).toBe(
    '| `width` | a whole number from 1 to 4096 | 64, or 128 where faithful | width of the vectors |',
  );
  expect(rows[4]).toContain('required');
  expect(rows[7]).toContain('a \\| remark');
});
