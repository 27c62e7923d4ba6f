import {
  ArtifactError,
  artifactTensor,
  byScore,
  checkFittedApart,
  checkRetrieval,
  checkSameItems,
  checkSharedIds,
  checkValidationUnseen,
  contentHash,
  defineOptions,
  fingerprint,
  fittedOnLogs,
  fittedOnParts,
  type IdMap,
  type InteractionLog,
  InvalidInputError,
  isObject,
  type LongCallOptions,
  type OptionsOf,
  OutcomeCounter,
  option,
  type Provenance,
  provenanceOfParts,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type Retriever,
  readArtifact,
  type Saveable,
  type ScoredItem,
  savedFittedOn,
  writeArtifact,
  yieldToEventLoop,
} from '@palate/core';
import { heldOutQueries } from '@palate/eval';
import { crossValidate, gainOf, type MixtureChoice, savedChoice } from './cross-validate.js';
import { Gate, type GateExample } from './gate.js';
import { FEATURES, mixedLists } from './mixed-lists.js';

const KIND = 'mixture';
const VERSION = 1;

/** Queries whose lists are in memory at a time. */
const BLOCK = 256;

/** Options of {@link Mixture.fit}. */
export const MIXTURE = defineOptions('Mixture.fit', {
  depth: option.integer({ min: 10, max: 10_000 })({
    default: 100,
    doc: 'entries of each part’s list that are mixed, if no more are requested',
  }),
  users: option.integer({ min: 10 })({
    default: 4000,
    doc: 'most validation users to train the gate on, drawn at random',
  }),
  folds: option.integer({ min: 2, max: 100 })({
    default: 5,
    doc: 'folds of the users; each is measured with a gate trained on the others',
  }),
  errors: option.number({ min: 0 })({
    default: 1,
    doc: 'number of standard errors by which the mixture must beat the best part’s NDCG@10; otherwise that part answers alone',
  }),
  decay: option.number({ min: 0 })({
    default: 0.01,
    doc: 'weight of the L2 penalty on the gate’s slopes',
  }),
  steps: option.integer({ min: 1 })({ default: 80, doc: 'steps of Adam' }),
});

/** Options of {@link Mixture.fit}; {@link MIXTURE} says what each does. */
export type MixtureOptions = OptionsOf<typeof MIXTURE.declarations> & LongCallOptions;

interface Fitted {
  readonly gate: Gate;
  readonly depth: number;
  readonly counts: Int32Array;
  readonly choice: MixtureChoice;
  /** The part that answers alone; none where all are mixed. */
  readonly alone: number | undefined;
  readonly fittedOn: readonly string[];
  readonly dataFingerprint: string;
}

/**
 * Several recommenders over the same items as one, whose weights a gate chooses query by query: models that memorise
 * where much is known, models that generalise where little is. The gate sees the length of the history, how popular
 * its newest items are, and how sure each part is of its list; it is trained on a validation, and measured there by
 * cross-validation: where it is not clearly better than the best part, that part answers alone.
 *
 * @example
 * ```ts
 * const { train, validation } = leaveOneOut(log);
 * const parts = [await Ease.fit(withLog(dataset, train)), await PopularityRetriever.fit(withLog(dataset, train))];
 * const mixture = await Mixture.fit(parts, train, validation as InteractionLog);
 * const [list] = await mixture.retrieve([{ history: [3, 8] }], 10);
 * ```
 */
export class Mixture implements Retriever, Saveable {
  readonly name: string;
  readonly items: IdMap;
  /** Knowledge of interactions in all parts together. */
  readonly provenance: Provenance | undefined;
  readonly fittedOn: readonly string[];
  /** Measures on the validation. */
  readonly choice: MixtureChoice;
  readonly #parts: readonly Retriever[];
  readonly #fitted: Fitted;

  private constructor(parts: readonly Retriever[], fitted: Fitted) {
    const [first] = parts as readonly [Retriever];
    this.#parts = parts;
    this.#fitted = fitted;
    this.name = parts.map(({ name }) => name).join(' + ');
    this.items = first.items;
    this.provenance = provenanceOfParts(parts);
    this.fittedOn = [...new Set([...fittedOnParts(parts), ...fitted.fittedOn])];
    this.choice = fitted.choice;
  }

  /**
   * Learns the gate from held-out interactions.
   *
   * @param parts - fitted on `log`, over the same items; any retrievers
   * @param log - training interactions, the histories of the queries
   * @param validation - what came next; not what results are measured by
   * @throws InvalidInputError for fewer than two parts, parts over other items, or a validation without interactions
   * @throws LeakError for a part that was fitted on the validation, or whose texts or vectors know it
   */
  static async fit(
    parts: readonly Retriever[],
    log: InteractionLog,
    validation: InteractionLog,
    options: MixtureOptions = {},
  ): Promise<Mixture> {
    const settings = MIXTURE.settings(options);
    checkParts(parts, log.items);
    checkSharedIds('the validation log', validation, log);
    for (const { name, provenance, fittedOn } of parts) {
      checkValidationUnseen(name, provenance, log, validation);
      checkFittedApart(name, fittedOn, validation);
    }
    const random = new RandomStream(options.seed ?? 0).fork(KIND);
    const held = heldOutQueries(log, validation);
    const chosen =
      held.queries.length > settings.users
        ? random.sample(held.queries.length, settings.users)
        : Int32Array.from(held.queries.keys());
    if (chosen.length < settings.folds)
      throw new InvalidInputError({
        expected: `a validation of at least ${settings.folds} users, one per fold`,
        received: String(chosen.length),
        hint: 'Hold more interactions out, or ask for fewer folds.',
      });
    const counts = log.itemCounts();
    const { depth } = settings;
    const examples: GateExample[] = [];
    const gains: Float64Array[] = [];
    for (let from = 0; from < chosen.length; from += BLOCK) {
      await yieldToEventLoop(options.signal, 'fitting a mixture');
      const block = Array.from(chosen.subarray(from, from + BLOCK));
      const queries = block.map((at) => held.queries[at] as Query);
      const lists = await listsOf(parts, queries, depth, { signal: options.signal });
      for (const [q, query] of queries.entries()) {
        const own = lists.map((list) => list[q] as ScoredItem[]);
        const { items, evidence, features } = mixedLists(query, own, depth, counts);
        const targets = new Set(held.targets[block[q] as number]);
        const right = Array.from(items.keys()).filter((row) => targets.has(items[row] as number));
        examples.push({ features, evidence, right, missed: targets.size - right.length });
        gains.push(
          Float64Array.from(own, (list) =>
            gainOf(
              list.map(({ item }) => item),
              targets,
            ),
          ),
        );
      }
      options.onProgress?.({ phase: 'lists for the gate', done: from + block.length, total: chosen.length });
    }
    const { choice, best } = await crossValidate(examples, gains, parts.length, settings, random, options);
    return new Mixture(parts, {
      gate: Gate.learn(examples, parts.length, settings),
      depth,
      counts,
      choice,
      alone: choice.gain > settings.errors * choice.error ? undefined : best,
      fittedOn: fittedOnLogs(log, validation),
      dataFingerprint: fingerprint(log),
    });
  }

  /** The part that answers alone, since mixing was not clearly better; none where all are mixed. */
  get alone(): string | undefined {
    const { alone } = this.#fitted;
    return alone === undefined ? undefined : this.#parts[alone]?.name;
  }

  /** The weight of each part for each query, by its name. */
  async weights(queries: readonly Query[]): Promise<Readonly<Record<string, number>>[]> {
    const { gate, depth, counts, alone } = this.#fitted;
    const names = this.#parts.map(({ name }) => name);
    if (alone !== undefined)
      return queries.map(() => Object.fromEntries(names.map((name, part) => [name, part === alone ? 1 : 0])));
    const lists = await listsOf(this.#parts, queries, depth, {});
    return queries.map((query, q) => {
      const { features } = mixedLists(
        query,
        lists.map((list) => list[q] as ScoredItem[]),
        depth,
        counts,
      );
      const weights = gate.weights(features);
      const sum = weights.reduce((total, each) => total + each, 0);
      return Object.fromEntries(names.map((name, part) => [name, (weights[part] as number) / sum]));
    });
  }

  async retrieve(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    checkRetrieval({ name: this.name, itemCount: this.items.size }, queries, k, options);
    const { gate, depth, counts, alone } = this.#fitted;
    if (alone !== undefined) return (this.#parts[alone] as Retriever).retrieve(queries, k, options);
    const counter = new OutcomeCounter(this.name, queries.length);
    for (const { history } of queries)
      if (!history?.length) counter.fallBack('no history: general favourites');
    const { onOutcomes, ...rest } = options;
    const lists = await listsOf(this.#parts, queries, Math.max(depth, k), rest);
    onOutcomes?.(counter.counts());
    return queries.map((query, q) => {
      const mixed = mixedLists(
        query,
        lists.map((list) => list[q] as ScoredItem[]),
        depth,
        counts,
      );
      return Array.from(gate.scores(mixed), (score, row) => ({ item: mixed.items[row] as number, score }))
        .sort(byScore)
        .slice(0, k);
    });
  }

  /** Writes the gate; the parts are saved by themselves. */
  async save(dir: string): Promise<void> {
    const { gate, depth, counts, choice, alone, dataFingerprint, fittedOn } = this.#fitted;
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config: {
        parts: this.#parts.map(({ name }) => name),
        items: contentHash([...this.items]),
        depth,
        choice,
        alone: alone ?? null,
        numbers: [...gate.numbers],
        means: [...gate.means],
        spreads: [...gate.spreads],
      },
      dataFingerprint,
      fittedOn,
      tensors: { counts: { shape: [counts.length], values: counts } },
    });
  }

  /**
   * Reads what {@link Mixture.save} wrote.
   *
   * @param parts - the parts that the gate was learned for, in the same order
   * @throws ArtifactError if the folder is missing, foreign or damaged, or of other parts
   */
  static async load(dir: string, parts: readonly Retriever[]): Promise<Mixture> {
    const { manifest, tensors } = await readArtifact(dir, KIND, VERSION);
    const [first] = parts;
    if (!first) throw otherParts(dir, 'none');
    checkParts(parts, first.items);
    const config = isObject(manifest.config) ? manifest.config : {};
    const names = parts.map(({ name }) => name);
    if (JSON.stringify(config.parts) !== JSON.stringify(names)) throw otherParts(dir, names.join(', '));
    if (config.items !== contentHash([...first.items])) throw otherParts(dir, 'parts over other items');
    const features = FEATURES.length + parts.length;
    const numbersOf = (name: string, length: number): Float64Array => {
      const value = config[name];
      if (Array.isArray(value) && value.length === length && value.every((each) => Number.isFinite(each)))
        return Float64Array.from(value);
      throw altered(dir, `${length} numbers named ${name}`);
    };
    const { depth, alone } = config;
    const choice = savedChoice(config.choice, parts.length);
    if (!choice) throw altered(dir, 'the measurements behind the choice');
    if (!(Number.isInteger(depth) && (depth as number) >= 1)) throw altered(dir, 'a depth of at least 1');
    if (
      alone !== null &&
      !(Number.isInteger(alone) && (alone as number) >= 0 && (alone as number) < parts.length)
    )
      throw altered(dir, 'the number of the part that answers alone, or null');
    const spreads = numbersOf('spreads', features);
    if (spreads.some((each) => each <= 0)) throw altered(dir, 'spreads above 0');
    const { values } = artifactTensor(dir, tensors, 'counts', {
      type: 'int32',
      shape: [first.items.size],
      min: 0,
    });
    return new Mixture(parts, {
      gate: new Gate(
        parts.length,
        numbersOf('numbers', parts.length * (features + 1)),
        numbersOf('means', features),
        spreads,
      ),
      depth: depth as number,
      counts: Int32Array.from(values),
      choice,
      alone: alone === null ? undefined : (alone as number),
      fittedOn: savedFittedOn(manifest),
      dataFingerprint: manifest.dataFingerprint ?? '',
    });
  }
}

/** Lists of all parts, a part after the other. */
async function listsOf(
  parts: readonly Retriever[],
  queries: readonly Query[],
  k: number,
  options: RetrieveOptions,
): Promise<ScoredItem[][][]> {
  const lists: ScoredItem[][][] = [];
  for (const part of parts) lists.push(await part.retrieve(queries, k, options));
  return lists;
}

function checkParts(parts: readonly Retriever[], items: IdMap): void {
  if (parts.length < 2)
    throw new InvalidInputError({
      expected: 'at least two parts to mix',
      received: String(parts.length),
      hint: 'Pass several fitted retrievers.',
    });
  checkSameItems(parts, items);
}

const otherParts = (dir: string, received: string): ArtifactError =>
  new ArtifactError(dir, {
    expected: 'the parts that the gate was trained for, in their order',
    received,
    hint: 'Load the parts that were saved beside it, or fit a mixture of these.',
  });

const altered = (dir: string, expected: string): ArtifactError =>
  new ArtifactError(dir, {
    expected: `${expected} in the manifest`,
    received: 'something else',
    hint: 'It was changed, or written by an earlier version: fit and save again.',
  });
