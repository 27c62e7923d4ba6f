import { createHash } from 'node:crypto';
import {
  ArtifactError,
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  checkSharedIds,
  type Dataset,
  type Disposable,
  fingerprint,
  IdMap,
  type LongCallOptions,
  listsFromScores,
  type Query,
  RandomStream,
  type Ranker,
  RETRIEVE_OPTIONS,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  throwIfCancelled,
  unavailableItems,
  writeArtifact,
} from '@palate/core';
import { AdamW, cosineSchedule, type EpochReport, selectBackend, T5, t5Config, train } from '@palate/nn';
import { instructionBatches } from './instruction-batches.js';
import { instructionData } from './instruction-data.js';
import {
  type LocalRankerConfig,
  type LocalRankerOptions,
  localRankerConfig,
} from './local-ranker-options.js';
import { LENGTHS, type RankerInput, RankerModel } from './ranker-model.js';
import type { RankerVocabulary } from './ranker-vocabulary.js';
import { freshT5, startFresh } from './start-fresh.js';
import { startFromFolder } from './start-from-folder.js';
import { TOKENIZER_FILES, textTokenizer } from './text-tokenizer.js';
import { TokenizerVocabulary } from './tokenizer-vocabulary.js';
import { validationJudge } from './validation-judge.js';
import { WordVocabulary } from './word-vocabulary.js';

const KIND = 'palr-local';
/** Weights of the retriever's scores that are tried on the validation. */
const ORDER_WEIGHTS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6];

/** How {@link LocalRanker.rank} ranks. */
export interface LocalRankOptions extends RetrieveOptions {
  /**
   * Weight of the retriever's log-chances beside the model's own. Default: what did best on the validation; 0 where
   * there was none. 0 ranks by the model alone, whose candidates are shuffled.
   */
  readonly orderWeight?: number;
}

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
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** 1 for users whose histories it was tuned on, by the data set's user index; empty after loading. */
  readonly tuned: Uint8Array;
  /** Weight of the retriever's log-chances that did best on the validation. */
  readonly orderWeight: number;
  readonly #model: RankerModel;
  readonly #vocabulary: RankerVocabulary;
  readonly #profiles: ReadonlyMap<string, string>;
  readonly #config: LocalRankerConfig;
  readonly #dataFingerprint: string;

  private constructor(parts: {
    model: RankerModel;
    vocabulary: RankerVocabulary;
    profiles: ReadonlyMap<string, string>;
    config: LocalRankerConfig;
    history: readonly EpochReport[];
    tuned: Uint8Array;
    orderWeight: number;
    dataFingerprint: string;
  }) {
    this.#model = parts.model;
    this.#vocabulary = parts.vocabulary;
    this.#profiles = parts.profiles;
    this.#config = parts.config;
    this.#dataFingerprint = parts.dataFingerprint;
    this.history = parts.history;
    this.tuned = parts.tuned;
    this.orderWeight = parts.orderWeight;
    this.items = parts.vocabulary.items;
    this.name = `PALR ${parts.config.tasks.includes('recommend-retrieval') ? 'v2' : 'v1'} (local T5)`;
  }

  /**
   * Tunes on a share of the users of a training set.
   *
   * @throws InvalidInputError for unknown options, vectors of another width, or options that contradict `startFrom`
   * @throws ArtifactError if the folder to start from lacks a file, or is damaged or of another model
   * @throws MissingDependencyError if there is such a folder and `@huggingface/transformers` is not installed
   */
  static async fit(dataset: Dataset, options: LocalRankerOptions = {}): Promise<LocalRanker> {
    const defaults = localRankerConfig(options);
    const { log } = dataset;
    const { validation, retriever, signal } = options;
    if (validation) checkSharedIds('the validation log', validation, log);
    const profiles = options.profiles ?? new Map<string, string>();
    const seed = options.seed ?? 0;
    throwIfCancelled(signal, 'fitting the local ranker');
    await selectBackend();
    const start =
      options.startFrom === undefined
        ? startFresh(dataset, options, defaults)
        : await startFromFolder(options.startFrom, dataset, options, defaults);
    const { config, vocabulary } = start;
    const model = new RankerModel(vocabulary, start.t5);
    const { samples, tuned } = await instructionData(dataset, {
      tasks: config.tasks,
      candidateLength: Math.min(LENGTHS.candidates, log.items.size),
      labelLength: Math.min(LENGTHS.labels, log.items.size),
      historyLength: LENGTHS.history,
      ...(options.userShare === undefined ? {} : { userShare: options.userShare }),
      ...(options.perUser === undefined ? {} : { perUser: options.perUser }),
      ...(options.swap === undefined ? {} : { swap: options.swap }),
      ...(options.leastHistory === undefined ? {} : { leastHistory: options.leastHistory }),
      ...(signal ? { signal } : {}),
      seed,
    });
    const ranker = new LocalRanker({
      model,
      vocabulary,
      profiles,
      config,
      history: [],
      tuned,
      orderWeight: 0,
      dataFingerprint: fingerprint(log),
    });
    const judge = validation
      ? await validationJudge(dataset, validation, tuned, retriever, signal)
      : undefined;
    const stepsPerEpoch = Math.max(
      1,
      config.tasks.length * Math.ceil(samples.length / config.tasks.length / config.batchSize),
    );
    const optimiser = new AdamW({ weightDecay: config.weightDecay });
    const identity = createHash('sha256')
      .update(
        JSON.stringify([
          fingerprint(log),
          validation ? fingerprint(validation) : null,
          config,
          seed,
          [...profiles],
          options.userShare ?? null,
        ]),
      )
      .update(new Uint8Array(options.vectors?.data.slice().buffer ?? new ArrayBuffer(0)))
      .update(start.hash)
      .digest('hex');
    try {
      const { history } = await train({
        parameters: model.parameters,
        optimiser,
        schedule: cosineSchedule(config.learningRate, config.epochs * stepsPerEpoch, {
          warmUp: Math.min(100, stepsPerEpoch),
        }),
        clipNorm: 1,
        epochs: config.epochs,
        seed,
        identity,
        batches: (_, random) =>
          instructionBatches(samples, config.batchSize, random, (chunk, order) =>
            model.batch(
              chunk.map((sample) => ({
                ...sample,
                // Another order every time: where a candidate stands must say nothing.
                candidates: order.shuffle([...sample.candidates]),
                profile: profiles.get(log.users.idOf(sample.user)) ?? '',
              })),
              config.batchSize,
            ),
          ),
        loss: (batch, pass) => model.loss(batch, pass),
        ...(signal ? { signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
        ...(judge
          ? {
              validate: async () => ({ 'ndcg@10': await judge(ranker, 0) }),
              earlyStopping: { metric: 'ndcg@10', patience: config.patience },
            }
          : {}),
      });
      let orderWeight = 0;
      if (judge && retriever && config.tasks.includes('recommend-retrieval')) {
        let best = Number.NEGATIVE_INFINITY;
        for (const weight of ORDER_WEIGHTS) {
          const value = await judge(ranker, weight);
          if (value > best) {
            best = value;
            orderWeight = weight;
          }
        }
      }
      return new LocalRanker({
        model,
        vocabulary,
        profiles,
        config,
        history,
        tuned,
        orderWeight,
        dataFingerprint: ranker.#dataFingerprint,
      });
    } finally {
      optimiser.dispose();
    }
  }

  #input(query: Query, candidates: readonly number[]): RankerInput {
    const known = query.user === undefined ? undefined : this.#profiles.get(query.user);
    return {
      profile: query.text ?? known ?? '',
      history: Array.from(query.history ?? []),
      candidates,
    };
  }

  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: LocalRankOptions = {},
  ): Promise<ScoredItem[][]> {
    checkOptions('rank', options, [...RETRIEVE_OPTIONS, 'orderWeight']);
    checkNumber('k', k, { min: 1, integer: true });
    const weight = checkNumber('orderWeight', options.orderWeight ?? this.orderWeight, { min: 0 });
    throwIfCancelled(options.signal, this.name);
    await selectBackend();
    const random = new RandomStream(options.seed ?? 0).fork('candidate order');
    const asked = candidates.flatMap((given, q) => (given.length > 0 ? [q] : []));
    const shown = asked.map((q) => {
      const list = (candidates[q] as readonly ScoredItem[]).map(({ item }) => item);
      return random.fork(String(q)).shuffle(list).slice(0, LENGTHS.candidates);
    });
    const scores = await this.#model.score(
      asked.map((q, at) => this.#input(queries[q] as Query, shown[at] as number[])),
    );
    const lists: ScoredItem[][] = candidates.map(() => []);
    for (const [at, q] of asked.entries()) {
      const given = candidates[q] as readonly ScoredItem[];
      const row = scores.subarray(at * this.items.size, (at + 1) * this.items.size);
      const read = new Set(shown[at]);
      const own = logChances(
        given.map(({ item }) => (read.has(item) ? row[item]! : Number.NEGATIVE_INFINITY)),
      );
      const theirs = logChances(given.map(({ score }) => score));
      lists[q] = given
        // What did not fit into the input stays behind, in the retriever's order.
        .map(({ item }, k_) => ({
          item,
          score: (own[k_] === Number.NEGATIVE_INFINITY ? -1e6 : own[k_]!) + weight * theirs[k_]!,
        }))
        .sort((a, b) => b.score - a.score || a.item - b.item)
        .slice(0, k);
      options.onProgress?.({ phase: `rank with ${this.name}`, done: at + 1, total: asked.length });
    }
    return lists;
  }

  /** Scores of every item without candidates, the paper's v1. */
  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    throwIfCancelled(options.signal, this.name);
    for (const query of queries) unavailableItems(query, this.items.size);
    await selectBackend();
    return this.#model.score(queries.map((query) => this.#input(query, [])));
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this.name, this.items, queries, k, options, (chunk, rest) =>
      this.scoreAll(chunk, rest),
    );
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: KIND,
      version: 1,
      config: { ...this.#config, orderWeight: this.orderWeight },
      dataFingerprint: this.#dataFingerprint,
      tensors: await this.#model.parameters.values(),
      files: {
        'items.json': JSON.stringify([...this.items]),
        'profiles.json': JSON.stringify([...this.#profiles]),
        ...this.#vocabulary.files(),
      },
    });
  }

  /**
   * Reads what `save` wrote. A ranker that started from a folder has its tokenizer with it and does not need the folder.
   *
   * @throws ArtifactError if the folder is missing, foreign or damaged
   * @throws MissingDependencyError if its tokenizer needs `@huggingface/transformers`, which is not installed
   */
  static async load(dir: string): Promise<LocalRanker> {
    const { manifest, tensors, files } = await readArtifact(dir, KIND, 1);
    const { orderWeight, ...config } = manifest.config as LocalRankerConfig & { orderWeight: number };
    const text = (name: string): string => Buffer.from(files[name] ?? []).toString('utf8');
    const read = <T>(name: string): T => {
      try {
        return JSON.parse(text(name)) as T;
      } catch (cause) {
        throw new ArtifactError(dir, {
          expected: `JSON in ${name}`,
          received: 'something else',
          hint: 'Fit and save again.',
          cause,
        });
      }
    };
    await selectBackend();
    const items = new IdMap(read<string[]>('items.json'));
    const shape = config.t5 && t5Config(config.t5, dir);
    const vocabulary = shape
      ? new TokenizerVocabulary(
          await textTokenizer(Object.fromEntries(TOKENIZER_FILES.map((name) => [name, text(name)])), dir),
          items,
          shape,
        )
      : new WordVocabulary(new IdMap(read<string[]>('words.json'), 'word'), items);
    const model = new RankerModel(vocabulary, shape ? new T5(shape) : freshT5(vocabulary, config, 0));
    model.parameters.assign(tensors, dir);
    return new LocalRanker({
      model,
      vocabulary,
      profiles: new Map(read<[string, string][]>('profiles.json')),
      config,
      history: [],
      tuned: new Uint8Array(0),
      orderWeight,
      dataFingerprint: manifest.dataFingerprint ?? '',
    });
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.#model.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Log-softmax of scores. */
function logChances(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
  return scores.map((score) => score - most - total);
}
