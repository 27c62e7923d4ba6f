import {
  type CatalogueScorer,
  checkNumber,
  checkQueryItems,
  checkRanking,
  checkSharedIds,
  checkValidationUnseen,
  type Dataset,
  type Disposable,
  Favourites,
  fingerprint,
  fittedOnLogs,
  type IdMap,
  type LongCallOptions,
  listsFromScores,
  type Provenance,
  provenanceOfParts,
  type Query,
  RandomStream,
  type Ranker,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  throwIfCancelled,
  UNKNOWN,
  yieldToEventLoop,
} from '@palate/core';
import { cosineSchedule, type EpochReport, fitNetwork, selectBackend } from '@palate/nn';
import { bestFirst } from '../best-first.js';
import { genreField, titleFields } from '../descriptive-fields.js';
import { withRetrieved } from './hard-negatives.js';
import { instructionBatches } from './instruction-batches.js';
import { instructionData } from './instruction-data.js';
import { LOCAL_RANKER, type LocalRankerOptions, type LocalRankOptions } from './local-ranker-options.js';
import type { LocalRankerParts } from './local-ranker-parts.js';
import { mixedOrder } from './mixed-order.js';
import { LENGTHS, type RankerInput, RankerModel } from './ranker-model.js';
import { loadLocalRanker, saveLocalRanker } from './saved-local-ranker.js';
import { shownOrder } from './shown-order.js';
import { startFresh } from './start-fresh.js';
import { startFromFolder } from './start-from-folder.js';
import { isKept, taughtSamples, teacherJudge } from './taught-rankings.js';
import { validationJudge } from './validation-judge.js';

/** Queries ranked at once, so that memory stays bounded. */
const BLOCK = 256;

/**
 * PALR's fine-tuned ranker, trained on this machine: a T5 tuned by instruction data on a share of the users. It stands
 * in for the paper's LLaMA-7B.
 *
 * By default it is a small one over a vocabulary of profile words and items, which knows of the world only the vectors
 * that it is given. `startFrom` starts it from a pretrained one in a HuggingFace folder instead: words go through the
 * folder's tokenizer, and items are new tokens that start from the words of their titles.
 *
 * As a `Ranker` it orders a retriever's candidates (the paper's v2); as a retriever it recommends without any (v1).
 */
export class LocalRanker implements Ranker, CatalogueScorer, Saveable, Disposable {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites;
  readonly fittedOn: readonly string[];
  /** Knowledge of interactions in profiles and vectors; left out where there are none. */
  readonly provenance: Provenance | undefined;
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** 1 for users whose histories it was tuned on, by the data set's user index; empty after loading. */
  readonly tuned: Uint8Array;
  /** Weight of the retriever's order that did best on the validation. */
  readonly orderWeight: number;
  readonly #parts: LocalRankerParts;

  private constructor(parts: LocalRankerParts) {
    this.#parts = parts;
    this.provenance = parts.provenance;
    this.fittedOn = parts.fittedOn;
    this.history = parts.history;
    this.tuned = parts.tuned;
    this.orderWeight = parts.orderWeight;
    this.favourites = parts.favourites;
    this.items = parts.vocabulary.items;
    this.name = `PALR ${parts.config.tasks.includes('recommend-retrieval') ? 'v2' : 'v1'} (local T5)`;
  }

  /**
   * Tunes on a share of the users of a training set.
   *
   * @throws InvalidInputError for unknown options, vectors of another width, or options that contradict `startFrom`
   * @throws LeakError for profiles, vectors or a retriever that know the validation, or do not say what they know
   * @throws ArtifactError if the folder to start from lacks a file, or is damaged or of another model
   * @throws MissingDependencyError if there is such a folder and `@huggingface/transformers` is not installed
   */
  static async fit(dataset: Dataset, options: LocalRankerOptions = {}): Promise<LocalRanker> {
    const defaults = LOCAL_RANKER.settings(options);
    const { log } = dataset;
    const { validation, retriever } = defaults;
    const { signal } = options;
    if (validation) checkSharedIds('the validation log', validation, log);
    const profiles = defaults.profiles ?? new Map<string, string>();
    const profileProvenance = profiles.size > 0 ? (defaults.profileProvenance ?? UNKNOWN) : undefined;
    const { vectors, rankings = [] } = defaults;
    const rankingsProvenance = rankings.length > 0 ? (defaults.rankingsProvenance ?? UNKNOWN) : undefined;
    const genres = genreField(dataset.catalog);
    const described = dataset.catalog.provenanceOf([
      ...(genres === undefined ? [] : [genres]),
      ...(defaults.startFrom === undefined ? [] : titleFields(dataset.catalog)),
    ]);
    for (const [what, known] of [
      ['the profiles', profileProvenance],
      ['the vectors', vectors?.provenance],
      ['the rankings', rankingsProvenance],
      ['the catalogue', described],
      ['what the retriever was built with', retriever?.provenance],
    ] as const)
      checkValidationUnseen(what, known, log, validation);
    const provenance = provenanceOfParts([
      { provenance: profileProvenance },
      { provenance: vectors?.provenance },
      { provenance: rankingsProvenance },
      { provenance: described.kind === 'world' ? undefined : described },
    ]);
    const seed = options.seed ?? 0;
    throwIfCancelled(signal, 'fitting the local ranker');
    await selectBackend();
    const start =
      defaults.startFrom === undefined
        ? startFresh(dataset, options, defaults)
        : await startFromFolder(defaults.startFrom, dataset, options, defaults);
    const { config, vocabulary } = start;
    const model = new RankerModel(vocabulary, start.t5);
    const made = await instructionData(dataset, {
      tasks: config.tasks,
      candidateLength: Math.min(LENGTHS.candidates, log.items.size),
      labelLength: Math.min(LENGTHS.labels, log.items.size),
      historyLength: LENGTHS.history,
      userShare: config.userShare,
      perUser: config.perUser,
      swap: config.swap,
      leastHistory: config.leastHistory,
      signal,
      seed,
    });
    const { tuned } = made;
    const kept = validation ? [] : rankings.filter(isKept);
    const taught = taughtSamples(rankings, log.users, log.items.size);
    for (const { user } of taught) tuned[user] = 1;
    const samples = [
      ...(retriever
        ? await withRetrieved(made.samples, retriever, LENGTHS.retrieved, { signal })
        : made.samples),
      ...(validation ? taught : taught.filter((each, k) => !isKept(each, k))),
    ];
    const parts: LocalRankerParts = {
      model,
      vocabulary,
      profiles,
      config,
      history: [],
      tuned,
      orderWeight: 0,
      favourites: Favourites.of(log),
      provenance,
      dataFingerprint: fingerprint(log),
      fittedOn: fittedOnLogs(log, validation),
    };
    const ranker = new LocalRanker(parts);
    const judge = validation
      ? await validationJudge(dataset, validation, tuned, retriever, signal)
      : kept.length > 0
        ? teacherJudge(kept)
        : undefined;
    const trained = await fitNetwork({
      parameters: model.parameters,
      settings: config,
      options,
      identity: LOCAL_RANKER.identity(config, log, seed, start.hash, judge?.identity),
      schedule: (steps) =>
        cosineSchedule(config.learningRate, config.epochs * steps(), { warmUp: Math.min(100, steps()) }),
      clipNorm: 1,
      batches: (_, random) =>
        instructionBatches(samples, config.batchSize, random, (chunk, order) =>
          model.batch(
            chunk.map((sample) => ({
              ...sample,
              // Another order every time: the position of a candidate must say nothing.
              candidates: order.shuffle([...sample.candidates]),
              profile: profiles.get(log.users.idOf(sample.user)) ?? '',
            })),
            config.batchSize,
          ),
        ),
      loss: (batch, pass) => model.loss(batch, pass),
      validation: judge && {
        measure: async () => ({ 'ndcg@10': await judge.ndcg(ranker, 0) }),
        stopBy: 'ndcg@10',
      },
    });
    const orderWeight =
      judge && config.tasks.includes('recommend-retrieval') ? await judge.bestOrderWeight(ranker) : 0;
    model.settle();
    return new LocalRanker({ ...parts, history: trained, orderWeight });
  }

  #input(query: Query, candidates: readonly number[]): RankerInput {
    const known = query.user === undefined ? undefined : this.#parts.profiles.get(query.user);
    return {
      profile: query.text ?? known ?? '',
      history: Array.from(query.history ?? []),
      candidates,
    };
  }

  /**
   * Orders candidates. The best 50 of a list, by the retriever's scores, are read; the others follow in its order.
   *
   * @throws InvalidInputError for item indexes out of range, an item twice in a list, or scores that are not finite
   */
  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: LocalRankOptions = {},
  ): Promise<ScoredItem[][]> {
    const { name, items } = this;
    checkRanking({ name, itemCount: items.size, known: ['orderWeight'] }, queries, candidates, k, options);
    const weight = checkNumber('orderWeight', options.orderWeight ?? this.orderWeight, { min: 0 });
    await selectBackend();
    const random = new RandomStream(options.seed ?? 0).fork('candidate order');
    const lists: ScoredItem[][] = candidates.map(() => []);
    const asked = candidates.flatMap((given, q) => (given.length > 0 ? [q] : []));
    for (let from = 0; from < asked.length; from += BLOCK) {
      await yieldToEventLoop(options.signal, this.name);
      const block = asked.slice(from, from + BLOCK);
      // The retriever's best that fit into the input; shuffled, so that their position says nothing.
      const ordered = block.map((q) => bestFirst(candidates[q] as readonly ScoredItem[]));
      const shown = ordered.map((given, at) =>
        shownOrder(random, queries[block[at] as number] as Query, given.slice(0, LENGTHS.candidates)),
      );
      const scores = await this.#parts.model.score(
        block.map((q, at) => this.#input(queries[q] as Query, shown[at] as number[])),
      );
      for (const [at, q] of block.entries()) {
        const row = scores.subarray(at * this.items.size, (at + 1) * this.items.size);
        const given = ordered[at] as ScoredItem[];
        lists[q] = mixedOrder(
          given,
          given.slice(0, LENGTHS.candidates).map(({ item }) => row[item]!),
          weight,
          k,
        );
      }
      options.onProgress?.({
        phase: `rank with ${this.name}`,
        done: Math.min(asked.length, from + BLOCK),
        total: asked.length,
      });
    }
    return lists;
  }

  /** Scores of every item without candidates, the paper's v1. */
  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    throwIfCancelled(options.signal, this.name);
    for (const query of queries) checkQueryItems(query, this.items.size);
    await selectBackend();
    const inputs = queries.map((query) => this.#input(query, []));
    const scores = await this.#parts.model.score(inputs);
    for (const [q, { history, profile }] of inputs.entries())
      if (history.length === 0 && this.#parts.vocabulary.profile(profile).length === 0)
        scores.set(this.favourites.scores, q * this.items.size);
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  save(dir: string): Promise<void> {
    return saveLocalRanker(this.#parts, dir);
  }

  /**
   * Reads what `save` wrote. A ranker that started from a folder has its tokenizer with it and does not need the folder.
   *
   * @throws ArtifactError if the folder is missing, foreign or damaged
   * @throws MissingDependencyError if its tokenizer needs `@huggingface/transformers`, which is not installed
   */
  static async load(dir: string): Promise<LocalRanker> {
    return new LocalRanker(await loadLocalRanker(dir));
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#parts.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
