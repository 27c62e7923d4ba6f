import { join } from 'node:path';
import { contentHash, type Dataset, type LongCallOptions } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { multiLabelScores } from '@palate/eval';
import {
  boundsOnScale,
  type GenrePreferences,
  type GenresOfItems,
  genrePreferences,
  HistoryVectors,
  historyOfUser,
  mostFrequentGenres,
  newestOf,
  preferenceClasses,
  probeExamples,
  type RatingScale,
  ratingInWords,
  readPreferences,
  splitUsers,
  Uem,
  type UemOptions,
  type UserHistory,
} from '@palate/uem';
import { benchmarkEncoder, CACHE } from '../item-texts.js';
import { loadFolderDataset } from '../prepare.js';
import { meanAndDeviation, meanOf, type Study, type StudyContext, type StudyTable } from './study.js';

/** Items that a user has at least, as in the paper. */
const LEAST = 20;
const SHARES = [117, 5, 5] as const;

interface Setting {
  readonly key: string;
  readonly load: (call: LongCallOptions) => Promise<Dataset>;
  readonly scale: RatingScale;
  /** Catalogue fields of the third text. */
  readonly descriptionFields: readonly string[];
  readonly seeds: readonly number[];
  /** Parts of the users of training, validation and test. */
  readonly shares: readonly number[];
  readonly model: Model;
}

/** How a model reads the history. */
interface Reading {
  readonly label: string;
  /** Newest items that are shown. */
  readonly shown: number;
  readonly kind: 'text' | 'embedding';
  readonly layers: number;
  /** Whether labels follow from the whole history or from what is shown. */
  readonly labelsFrom: 'all' | 'shown';
  /** False for text vectors as they are encoded; left out elsewhere. */
  readonly standardise?: false;
}

const embedding = (shown: number, layers = 3, labelsFrom: Reading['labelsFrom'] = 'all'): Reading => ({
  label: `embedding history of ${shown}${layers === 3 ? '' : `, ${layers} layer${layers === 1 ? '' : 's'}`}`,
  shown,
  kind: 'embedding',
  layers,
  labelsFrom,
});

const READINGS: readonly Reading[] = [
  { label: 'text history of 5', shown: 5, kind: 'text', layers: 3, labelsFrom: 'all' },
  embedding(5),
  embedding(20),
  embedding(50),
  { ...embedding(50), label: 'embedding history of 50, vectors as encoded', standardise: false },
  embedding(100),
  embedding(30),
  embedding(50, 1),
  embedding(50, 2),
  embedding(5, 3, 'shown'),
  embedding(50, 3, 'shown'),
];

/** Sizes and training of every model of a table: the same for all readings. */
type Model = Pick<UemOptions, 'width' | 'heads' | 'inner' | 'dropout' | 'decay'> &
  Required<
    Pick<
      UemOptions,
      | 'modelWidth'
      | 'modelHeads'
      | 'modelLayers'
      | 'inputTokens'
      | 'answerTokens'
      | 'optimiser'
      | 'learningRate'
      | 'warmUpSteps'
      | 'batchSize'
      | 'epochs'
      | 'patience'
      | 'clipNorm'
    >
  >;

const MODEL = {
  width: 128,
  heads: 4,
  inner: 256,
  dropout: 0.1,
  modelWidth: 128,
  modelHeads: 4,
  modelLayers: 2,
  inputTokens: 192,
  answerTokens: 24,
  optimiser: 'adamw',
  learningRate: 1e-3,
  warmUpSteps: 50,
  batchSize: 64,
  epochs: 40,
  patience: 4,
  clipNorm: 1,
} as const satisfies Model;

/** For some thousands of users on one core: half as wide, and steps of Adafactor that fall to 0 within few epochs. */
const NARROW = {
  ...MODEL,
  width: 64,
  inner: 128,
  modelWidth: 64,
  dropout: 0,
  optimiser: 'adafactor',
  learningRate: 0.03,
  decay: 'cosine',
  warmUpSteps: 40,
  batchSize: 32,
  epochs: 4,
} as const satisfies Model;

interface ProbeData {
  readonly dataset: Dataset;
  readonly genres: GenresOfItems;
  readonly names: readonly string[];
  readonly vectors: HistoryVectors;
  readonly histories: readonly UserHistory[];
  readonly rule: ReturnType<typeof boundsOnScale>;
}

async function probeData(setting: Setting, call: LongCallOptions): Promise<ProbeData> {
  const dataset = await setting.load(call);
  const { log, catalog } = dataset;
  const column = catalog.column('genres');
  const genres = Array.from({ length: log.items.size }, (_, item) => {
    const value = column?.[item];
    return Array.isArray(value) ? (value as readonly string[]) : [];
  });
  const vectors = await HistoryVectors.encode(catalog, {
    encoder: await benchmarkEncoder(),
    descriptionFields: setting.descriptionFields,
    ratings: [...new Set(log.rating)],
    scale: setting.scale,
    signal: call.signal,
    onProgress: call.onProgress,
  });
  const histories = Array.from({ length: log.users.size }, (_, user) => historyOfUser(log, user)).filter(
    ({ items }) => items.length >= LEAST,
  );
  return {
    dataset,
    genres,
    names: [...new Set(genres.flat())].sort(),
    vectors,
    histories,
    rule: boundsOnScale(setting.scale),
  };
}

/** Scores and cost of one row at one seed. */
interface Measured {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Tokens that the encoder reads of a question, mean over users; 0 where no model reads. */
  readonly tokens: number;
  /** Milliseconds of the fit an example and epoch; 0 where nothing is trained. */
  readonly milliseconds: number;
  readonly epochs: number;
}

const scored = (truths: readonly GenrePreferences[], said: readonly GenrePreferences[]): Measured => ({
  ...multiLabelScores(truths.map(preferenceClasses), said.map(preferenceClasses)),
  tokens: 0,
  milliseconds: 0,
  epochs: 0,
});

/** Trains one reading and scores its answers. */
async function measureReading(
  data: ProbeData,
  setting: Setting,
  reading: Reading,
  seed: number,
  call: LongCallOptions,
): Promise<Measured> {
  const { histories, genres, rule, dataset, vectors } = data;
  const { shown, kind, layers, labelsFrom, standardise } = reading;
  const parts = splitUsers(histories.length, setting.shares, seed).map((rows) =>
    probeExamples(
      Array.from(rows, (row) => histories[row] as UserHistory),
      genres,
      {
        ...rule,
        shown,
        labelsFrom,
        asText:
          kind === 'text'
            ? (item, rating) =>
                `${dataset.catalog.itemText(item, ['title', 'genres'])}: ${ratingInWords(rating, setting.scale)}`
            : undefined,
      },
    ),
  );
  const [train = [], validation = [], test = []] = parts;
  using uem = await Uem.fit(train, vectors, {
    ...setting.model,
    ...call,
    layers,
    standardise,
    historyLength: kind === 'text' ? 0 : shown,
    validation,
    seed,
    checkpoint: {
      dir: join(
        CACHE,
        'checkpoints',
        `uem-${setting.key}-${contentHash([reading, setting.model, seed]).slice(0, 12)}`,
      ),
      everySeconds: 60,
    },
  });
  const answers = await uem.answer(test, { signal: call.signal });
  const seconds = meanOf(uem.history.map((epoch) => epoch.seconds));
  return {
    ...scored(
      test.map(({ answer }) => readPreferences(answer, data.names)),
      answers.map((answer) => readPreferences(answer, data.names)),
    ),
    tokens: meanOf(test.map((query) => uem.tokensOf(query))),
    milliseconds: (1000 * seconds) / train.length,
    epochs: uem.history.length,
  };
}

/** A row of the table before it is measured: its label, and how one seed of it is. */
interface PlannedRow {
  readonly label: string;
  readonly labelsFrom: string;
  /** All that a result depends on beside the setting, the seed and the code. */
  readonly basis: unknown;
  readonly measure: (call: LongCallOptions, seed: number) => Promise<Measured>;
}

/** The cells of each row: every row at the first seed before any at the second, so that a study cut short has all rows. */
async function measureRows(
  planned: readonly PlannedRow[],
  setting: Setting,
  context: StudyContext,
): Promise<Measured[][]> {
  const cells: Measured[][] = planned.map(() => []);
  for (const seed of setting.seeds)
    for (const [k, { label, labelsFrom, basis, measure }] of planned.entries()) {
      const name = `${label} ${labelsFrom} seed ${seed}`;
      const key = [basis, seed, setting.key, setting.shares, LEAST, 1];
      const cell = await context.optionalCell(name, key, (call) => measure({ ...call, seed }, seed));
      if (cell) cells[k]?.push(cell);
    }
  return cells;
}

function tableRow({ label, labelsFrom }: PlannedRow, cells: readonly Measured[]): string[] {
  const over = (pick: (cell: Measured) => number): string => meanAndDeviation(cells.map(pick), 3);
  const trained = cells.some(({ epochs }) => epochs > 0);
  return [
    label,
    labelsFrom === 'all' ? 'whole history' : 'what is shown',
    String(cells.length),
    over(({ precision }) => precision),
    over(({ recall }) => recall),
    over(({ f1 }) => f1),
    trained ? meanOf(cells.map(({ tokens }) => tokens)).toFixed(0) : '',
    trained ? meanOf(cells.map(({ milliseconds }) => milliseconds)).toFixed(1) : '',
  ];
}

async function probeTable(setting: Setting, context: StudyContext): Promise<StudyTable> {
  let loaded: Promise<ProbeData> | undefined;
  const data = (call: LongCallOptions): Promise<ProbeData> => {
    loaded ??= probeData(setting, call);
    return loaded;
  };
  const planned: PlannedRow[] = [];
  const row = (label: string, labelsFrom: string, basis: unknown, measure: PlannedRow['measure']): void => {
    planned.push({ label, labelsFrom, basis, measure });
  };
  /** A row of a rule that nothing trains. */
  const rule = (label: string, say: (history: UserHistory, data: ProbeData) => GenrePreferences): void =>
    row(label, 'all', label, async (call, seed) => {
      const probe = await data(call);
      const test = splitUsers(probe.histories.length, setting.shares, seed)[2] as Int32Array;
      const histories = Array.from(test, (at) => probe.histories[at] as UserHistory);
      return scored(
        histories.map((history) => genrePreferences(history, probe.genres, probe.rule)),
        histories.map((history) => say(history, probe)),
      );
    });
  rule('counting: three most frequent genres liked', (history, { genres }) =>
    mostFrequentGenres(history, genres),
  );
  for (const shown of [5, 20, 30, 50, 100])
    rule(`the label rule on the newest ${shown}`, (history, probe) =>
      genrePreferences(newestOf(history, shown), probe.genres, probe.rule),
    );
  for (const reading of READINGS)
    row(reading.label, reading.labelsFrom, [reading, setting.model], async (call, seed) =>
      measureReading(await data(call), setting, reading, seed, call),
    );
  const cells = await measureRows(planned, setting, context);
  return {
    columns: [
      'row',
      'labels from',
      'seeds',
      'precision',
      'recall',
      'F1',
      'tokens a user',
      'ms an example and epoch',
    ],
    rows: planned.flatMap((row, k) => {
      const measured = cells[k] ?? [];
      return measured.length > 0 ? [tableRow(row, measured)] : [];
    }),
  };
}

const protocol = (texts: string, seeds: string, { modelLayers, modelWidth }: Model): string =>
  `UEM's probe (arXiv 2401.04858): which genres does a user like and dislike? Labels by its rule (at least three items of a genre; mean above 3.5 of 5 stars, or below 3, at the same share of the scale; three of each), a function of the history, so that the rule on the newest items shows what can be known from them. Users with at least ${LEAST} ratings, split by user; classes are genres as liked and as disliked; precision, recall and F1 weighted by support. Texts: ${texts}, encoded by use-lite. Every model is a T5 of ${modelLayers} + ${modelLayers} layers and width ${modelWidth} with fresh weights, trained together with module and task tokens and stopped by the validation users' likelihood; no pretrained T5 is read, so that the paper's figures (F1 of its Base model: counting .192, text 5 .273, embedding 20 .275, 30 .337, 50 .396, 100 .404, on a far larger data set) are of other models and data. The time depends on the machine, which others used at the same time; ${seeds}.`;

/** UEM's probe on MovieLens 1M. */
export const uemMl1m: Study = {
  name: 'uem-ml-1m',
  title: "UEM's probe on MovieLens 1M: liked and disliked genres from a history",
  protocol: protocol(
    'title with genres; rating in words; title with year (there are no descriptions)',
    'mean and deviation over the seeds, where there are several; each model reads every user of the training four times, 22,256 examples, where the paper trains a pretrained one on 1.28 million (10,000 steps of 128)',
    NARROW,
  ),
  run: (context) =>
    probeTable(
      {
        key: 'ml-1m',
        load: (call) => loadFolderDataset('ml-1m', call),
        scale: { min: 1, max: 5 },
        descriptionFields: ['title', 'year'],
        seeds: [0, 1, 2],
        shares: SHARES,
        model: NARROW,
      },
      context,
    ),
};

/** UEM's probe on the bundled data. */
export const uemMovieTweetings: Study = {
  name: 'uem-movietweetings',
  title: "UEM's probe on MovieTweetings: liked and disliked genres from a history",
  protocol: protocol(
    'title with genres; rating in words; title with year',
    'mean and deviation over the seeds',
    MODEL,
  ),
  run: (context) =>
    probeTable(
      {
        key: 'movietweetings',
        load: (call) => loadBundledMovieTweetings(call),
        scale: { min: 0, max: 10 },
        descriptionFields: ['title', 'year'],
        seeds: [0, 1, 2],
        // Fewer users than the paper has: 117 : 5 : 5 would leave 38 for the test.
        shares: [7, 1, 2],
        model: MODEL,
      },
      context,
    ),
};
