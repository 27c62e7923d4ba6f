import {
  type Dataset,
  Favourites,
  fingerprint,
  fittedOnLogs,
  InvalidInputError,
  type Provenance,
  provenanceOfLog,
  provenanceOfParts,
  RandomStream,
  throwIfCancelled,
} from '@palate/core';
import { wordTokens } from '@palate/llm';
import type { EpochReport } from '@palate/nn';
import { ratingSteps } from '../rating/rating-steps.js';
import type { CutSlot } from './cut-counter.js';
import { checkTemplates, epochExamples, unitsOf } from './data/epoch-rows.js';
import { checkTexts, textUnits } from './data/text-units.js';
import { independentNames, randomNames } from './ids/id-names.js';
import { IdTokens } from './ids/id-tokens.js';
import { nameItems } from './ids/name-items.js';
import { MODEL_OPTIONS, P5_OPTIONS, type P5Options, type P5Settings } from './p5-options.js';
import type { P5Parts, RatingFacts } from './p5-parts.js';
import { QuestionTexts } from './question-texts.js';
import { startFromFolder } from './start-from-folder.js';
import { decimals } from './tasks/decimals.js';
import type { Material } from './tasks/material.js';
import { P5_TASKS } from './tasks/tasks.js';
import type { P5Template } from './templates/template.js';
import { TextModel } from './text-model.js';
import type { TextRow } from './text-row.js';
import { wordsIn } from './words-in.js';

/** A fitted P5 and the report of its training. */
export interface FittedP5 {
  readonly parts: P5Parts;
  readonly history: readonly EpochReport[];
  readonly cut: Readonly<Record<string, CutSlot>>;
}

/** Trains a P5; see `P5.fit`. */
export async function fitP5(dataset: Dataset, options: P5Options): Promise<FittedP5> {
  const settings = P5_OPTIONS.settings(options);
  const seed = options.seed ?? 0;
  const { log } = dataset;
  checkTexts(settings.texts ?? {});
  checkTemplates(settings.templates, P5_TASKS);
  checkDraws(settings.draws);
  throwIfCancelled(options.signal, 'fitting P5');
  const titles = titlesOf(dataset, settings);
  const { names: itemNames, provenance: idProvenance } = await nameItems(dataset, titles, settings, seed);
  const userNames =
    settings.userIds === 'independent'
      ? independentNames('user', log.users.size)
      : randomNames('user', log.users.size, new RandomStream(seed).fork('user numbers'));
  const ratings = ratingsOf(dataset, settings);
  const material: Material = {
    log,
    users: userNames.names,
    items: itemNames.names,
    titles,
    histories: Array.from({ length: log.users.size }, (_, user) => log.history(user)),
    scale: ratings?.scale ?? { min: 0, max: 1 },
    step: ratings?.step ?? 1,
    ...textUnits(log, settings.texts ?? {}),
    historyLength: settings.historyLength,
    candidateCount: Math.min(settings.candidates, log.items.size),
  };
  const tasks = trainedTasks(material, settings);
  const templates = settings.templates.filter(
    ({ task, isHeldOut, isTransfer }) =>
      tasks.includes(task) && !isHeldOut && (settings.transfer || !isTransfer),
  );
  const names = [userNames, itemNames];
  const start =
    settings.startFrom === undefined ? undefined : await startFromFolder(settings.startFrom, names, options);
  const tokens =
    start?.tokens ??
    new IdTokens(
      wordTokens(vocabularyTexts(material, settings, ratings), { maxWords: settings.maxWords }),
      names,
    );
  const texts = new QuestionTexts(tokens, settings);
  const source = { material, tasks: P5_TASKS, templates, draws: settings.draws };
  const rowsOf = (epoch: number): TextRow[] =>
    epochExamples(source, epoch, seed).map(({ template, slots, target }) =>
      texts.row(texts.fill(template, slots).text, target),
    );
  const model = await TextModel.fit(rowsOf, {
    ...Object.fromEntries(MODEL_OPTIONS.map((name) => [name, settings[name]])),
    tokens,
    languageModel: start?.t5,
    data: P5_OPTIONS.identity(settings, fingerprint(log), seed, tasks, start?.hash ?? ''),
    seed,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  const provenance = provenanceOfParts(
    [idProvenance, titleProvenance(dataset, settings), textProvenance(dataset, material, settings)].flatMap(
      (each) => (each && each.kind !== 'world' ? [{ provenance: each }] : []),
    ),
  );
  return {
    history: model.history,
    cut: texts.left.counts(),
    parts: {
      model,
      tokens,
      users: log.users,
      items: log.items,
      userNames,
      itemNames,
      titles,
      templates: settings.templates,
      tasks,
      ratings,
      settings,
      favourites: Favourites.of(log),
      provenance,
      dataFingerprint: fingerprint(log),
      fittedOn: fittedOnLogs(log),
    },
  };
}

/** Refuses draws of no task, or fewer than none. */
function checkDraws(draws: Readonly<Record<string, number>>): void {
  for (const [task, times] of Object.entries(draws))
    if (!Object.hasOwn(P5_TASKS, task) || !(Number.isFinite(times) && times >= 0))
      throw new InvalidInputError({
        expected: `draws of at least 0 of the tasks ${Object.keys(P5_TASKS).join(', ')}`,
        received: `${times} of ${JSON.stringify(task)}`,
        hint: 'Correct draws.',
      });
}

/** Tasks that are trained: those of the families asked for, or all that the data has something for. */
function trainedTasks(material: Material, { families, draws }: P5Settings): string[] {
  const hasRows = (name: string): boolean => {
    const task = P5_TASKS[name];
    if (!task || draws[name] === 0) return false;
    if (task.family === 'rating') return material.log.rating !== undefined;
    return unitsOf(material, task.unit) > 0;
  };
  const isAsked = (family: string): boolean => families?.some((each) => each === family) ?? true;
  const found = Object.entries(P5_TASKS).flatMap(([name, { family }]) =>
    hasRows(name) && isAsked(family) ? [name] : [],
  );
  for (const family of families ?? [])
    if (!found.some((name) => P5_TASKS[name]?.family === family))
      throw new InvalidInputError({
        expected: `data for the family ${family}`,
        received: family === 'rating' ? 'a log without ratings' : 'none',
        hint:
          family === 'rating' ? 'Give a rated log.' : 'Pass texts with such texts, or leave the family out.',
      });
  return found;
}

function ratingsOf({ log }: Dataset, { scale: given }: P5Settings): RatingFacts | undefined {
  const { rating } = log;
  if (!rating || rating.length === 0) return undefined;
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of rating) {
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
  }
  const scale = given ?? { min, max: max > min ? max : min + 1 };
  return {
    scale,
    step: ratingSteps({ train: { rating, historyRatings: [] }, scale }).step,
    mean: sum / rating.length,
  };
}

const fieldsOf = ({ catalog }: Dataset, { titleFields }: P5Settings): readonly string[] =>
  titleFields.filter((field) => catalog.column(field) !== undefined);

function titlesOf(dataset: Dataset, settings: P5Settings): string[] {
  const fields = fieldsOf(dataset, settings);
  return Array.from({ length: dataset.log.items.size }, (_, item) => {
    const words = wordsIn(dataset.catalog.itemText(item, fields));
    return words.slice(0, settings.titleWords).join(' ') || 'untitled';
  });
}

const titleProvenance = (dataset: Dataset, settings: P5Settings): Provenance =>
  dataset.catalog.provenanceOf(fieldsOf(dataset, settings));

function textProvenance(
  { log }: Dataset,
  { reviews, explanations }: Material,
  { textProvenance: given }: P5Settings,
): Provenance | undefined {
  if (reviews.length + explanations.length === 0) return undefined;
  return given ?? provenanceOfLog(log);
}

/** Texts that hold every word of questions and answers but names. */
function* vocabularyTexts(
  material: Material,
  { templates }: P5Settings,
  ratings: RatingFacts | undefined,
): Generator<string> {
  // Each word of a question often enough to stay, however many reviews there are.
  for (const { source } of templates as readonly P5Template[])
    for (let time = 0; time < 1000; time++) yield source.replace(/\{[A-Za-z]+\}/g, ' ');
  for (let time = 0; time < 1000; time++) {
    yield 'yes no like dislike';
    if (ratings) yield* decimals(ratings.scale);
  }
  yield* material.titles;
  for (const { text, summary } of material.reviews) yield `${text} ${summary ?? ''}`;
  for (const { text, feature } of material.explanations) yield `${text} ${feature ?? ''}`;
}
