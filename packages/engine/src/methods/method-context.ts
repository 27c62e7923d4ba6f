import { join } from 'node:path';
import {
  contentHash,
  type Dataset,
  EmbeddingTable,
  fingerprint,
  type InteractionLog,
  type LongCallOptions,
  loadOrFit,
  type Provenance,
  type TextEncoder,
  UNKNOWN,
} from '@palate/core';
import { useLiteEncoder } from '@palate/llm';
import type { Effort, ItemKnowledge } from '../engine/options.js';
import { fitOrLoadMethod } from './fit-or-load-method.js';
import { checkTexts, describingFields, itemTexts, profilesOf } from './item-texts.js';
import type { MethodContext } from './method.js';
import { methodOf } from './methods.js';

/** Tokens of a text that use-lite reads where all is to be quick: a title, genres and the first words about it. */
const QUICK_TOKENS = 32;

/** An encoder that is loaded when it is first asked for, with its name where that is known without loading it. */
export interface EncoderSource {
  readonly get: () => Promise<TextEncoder>;
  readonly id?: (() => Promise<string>) | undefined;
}

/** Inputs that methods are fitted with beside a data set. */
export interface MethodContextOptions extends LongCallOptions {
  /** Folder of what is kept. */
  readonly folder: string;
  /** Default: use-lite, which keeps its vectors in the folder. */
  readonly encoder?: TextEncoder | EncoderSource | undefined;
  /** `quick`: use-lite reads no more than the first 32 tokens of a text. Default: `full`. */
  readonly effort?: Effort | undefined;
  /**
   * Texts and tags of items beside the catalogue, and keywords of users: what methods that read texts or profiles read then,
   * unless `texts` and `profiles` are given.
   */
  readonly knowledge?: ItemKnowledge | undefined;
  /** One text an item by dense index. Default: all text of the catalogue. */
  readonly texts?: readonly string[] | undefined;
  /** Knowledge of interactions in the texts. Default: what the catalogue says; unknown of texts that are given. */
  readonly textProvenance?: Provenance | undefined;
  /** Vectors of the items' texts, instead of encoding them. */
  readonly itemVectors?: (() => Promise<EmbeddingTable>) | undefined;
  readonly profiles?: ReadonlyMap<string, string> | undefined;
  readonly profileProvenance?: Provenance | undefined;
  readonly validation?: InteractionLog | undefined;
  readonly checkpoints?: string | undefined;
  /** Told in a sentence why something that was kept is not used. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Makes the context of fits on a data set: encoder, texts and vectors come into being when they are first asked for. */
export function methodContext(dataset: Dataset, options: MethodContextOptions): MethodContext {
  const { folder, seed, signal, onProgress, onNotice, knowledge } = options;
  const profiles = options.profiles ?? (knowledge && profilesOf(knowledge));
  let encoder: Promise<TextEncoder> | undefined;
  let vectors: Promise<EmbeddingTable> | undefined;
  const described = knowledge && !options.texts ? itemTexts(dataset, knowledge) : undefined;
  let texts = options.texts ?? described?.texts;
  let dataFingerprint: string | undefined;
  const source = encoderSource(options);
  const nameOfEncoder = async (): Promise<string> => (source.id ? source.id() : (await context.encoder()).id);
  const fields = describingFields(dataset);
  const textProvenance =
    options.textProvenance ??
    described?.provenance ??
    (texts ? UNKNOWN : dataset.catalog.provenanceOf(fields));
  const context: MethodContext = {
    textProvenance,
    folder,
    seed,
    signal,
    onProgress,
    get dataFingerprint() {
      dataFingerprint ??= fingerprint(dataset.log);
      return dataFingerprint;
    },
    get hasItemVectors() {
      return vectors !== undefined;
    },
    profiles,
    profileProvenance:
      options.profileProvenance ?? (options.profiles ? undefined : knowledge?.profileProvenance),
    profileIdentity: profiles ? contentHash([...profiles]) : '',
    validation: options.validation,
    checkpoints: options.checkpoints,
    encoder() {
      encoder ??= source.get();
      return encoder;
    },
    encoderId: nameOfEncoder,
    async itemTexts() {
      if (!texts) {
        texts = Array.from({ length: dataset.log.items.size }, (_, item) =>
          dataset.catalog.itemText(item, fields),
        );
      }
      return texts;
    },
    async textIdentity() {
      return contentHash([await nameOfEncoder(), await context.itemTexts()]);
    },
    itemVectors() {
      vectors ??= options.itemVectors?.() ?? encoded();
      return vectors;
    },
    async other(key, settings = {}) {
      const own =
        options.checkpoints === undefined
          ? context
          : { ...context, checkpoints: `${options.checkpoints}-${key}` };
      return (await fitOrLoadMethod(methodOf(key), dataset, { settings, context: own, onNotice })).model;
    },
    async keep(name, identity, how) {
      const hash = contentHash([context.dataFingerprint, await context.textIdentity(), identity]).slice(
        0,
        16,
      );
      return (await loadOrFit(join(folder, `${name}-${hash}`), { ...how, onNotice })).model;
    },
  };
  const encoded = async (): Promise<EmbeddingTable> => {
    const whole = await context.itemTexts();
    checkTexts(whole, dataset);
    const { data, width } = await (await context.encoder()).encode([...whole], {
      signal,
      onProgress,
    });
    return new EmbeddingTable(dataset.log.items, width, data, textProvenance);
  };
  return context;
}

/** The encoder that an engine has where none is given: use-lite, which quick effort has read no more than the beginnings. */
export function engineEncoder(
  effort: Effort,
  cacheDir?: string,
): { readonly id: string; readonly width: number; readonly get: () => Promise<TextEncoder> } {
  const maxTokens = effort === 'quick' ? QUICK_TOKENS : undefined;
  return {
    id: maxTokens === undefined ? 'use-lite' : `use-lite, ${maxTokens} tokens`,
    width: 512,
    get: () => useLiteEncoder({ cacheDir, maxTokens }),
  };
}

/** The encoder that is given, or use-lite, as one that is loaded when it is asked for. */
function encoderSource({ encoder, folder, effort = 'full' }: MethodContextOptions): EncoderSource {
  if (!encoder) {
    const { id, get } = engineEncoder(effort, join(folder, 'vectors'));
    return { get, id: async () => id };
  }
  return 'get' in encoder ? encoder : { get: async () => encoder, id: async () => encoder.id };
}
