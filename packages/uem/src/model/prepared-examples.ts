import type { TextTokens } from '@palate/llm';
import { type Batch, bucketLengths, bucketOf, labelColumns, padRows, type T5 } from '@palate/nn';
import type { HistoryVectors } from '../history/history-vectors.js';
import { checkHistory } from '../history/user-history.js';
import { historyColumns, tokenColumns } from './make-batch.js';
import type { UemExample, UemQuery } from './uem-example.js';
import type { UemConfig } from './uem-options.js';

/** How often a text was longer than what is read of it. */
export interface CutTexts {
  /** Inputs that lost their end. */
  inputs: number;
  /** Answers that lost their end. */
  answers: number;
}

/** Tokens of a text with the end behind them; a longer one loses its last tokens. */
function ended(
  tokens: TextTokens,
  text: string,
  most: number,
  end: number,
): { readonly ids: Int32Array; readonly cut: boolean } {
  const ids = tokens.encode(text);
  return { ids: Int32Array.of(...ids.subarray(0, most - 1), end), cut: ids.length > most - 1 };
}

/** Turns questions and answers into the numbers that the network reads. */
export class UemBatches {
  readonly cut: CutTexts = { inputs: 0, answers: 0 };
  readonly #t5: T5;
  readonly #tokens: TextTokens;
  readonly #vectors: HistoryVectors;
  readonly #config: UemConfig;
  readonly #inputLengths: readonly number[];
  readonly #answerLengths: readonly number[];
  /** Tokens of texts that were cut into tokens before: tasks repeat theirs. */
  readonly #known = new Map<string, Int32Array>();

  constructor(t5: T5, tokens: TextTokens, vectors: HistoryVectors, config: UemConfig) {
    this.#t5 = t5;
    this.#tokens = tokens;
    this.#vectors = vectors;
    this.#config = config;
    this.#inputLengths = bucketLengths(config.inputTokens);
    this.#answerLengths = bucketLengths(config.answerTokens);
  }

  /** @throws InvalidInputError for histories that do not fit the vectors */
  check(queries: readonly UemQuery[]): void {
    for (const [k, { history }] of queries.entries())
      if (history) checkHistory(history, this.#vectors.items.size, `question ${k}`);
  }

  #inputOf(text: string): Int32Array {
    const known = this.#known.get(text);
    if (known) return known;
    const { ids, cut } = ended(this.#tokens, text, this.#config.inputTokens, this.#t5.config.eos_token_id);
    if (cut) this.cut.inputs++;
    this.#known.set(text, ids);
    return ids;
  }

  /** Columns of the questions: histories where the network reads them, and the text. */
  queries(queries: readonly UemQuery[]): Batch {
    const { historyLength } = this.#config;
    const texts = queries.map(({ text }) => this.#inputOf(text));
    const length = bucketOf(Math.max(...texts.map((ids) => ids.length)), this.#inputLengths);
    const { ids, present } = tokenColumns(texts, length, this.#t5.config.pad_token_id);
    const history =
      historyLength === 0
        ? {}
        : historyColumns(
            queries.map((query) => query.history),
            this.#vectors,
            historyLength,
          );
    const { present: items, ...rest } = history as Partial<ReturnType<typeof historyColumns>>;
    return { ids, present, ...rest, ...(items && { historyPresent: items }) };
  }

  /** Columns of the answers. */
  answers(texts: readonly string[]): Batch {
    const lists = texts.map((text) => {
      const { ids, cut } = ended(this.#tokens, text, this.#config.answerTokens, this.#t5.config.eos_token_id);
      if (cut) this.cut.answers++;
      return ids;
    });
    const length = bucketOf(Math.max(...lists.map((ids) => ids.length)), this.#answerLengths);
    const padding = this.#t5.config.pad_token_id;
    return labelColumns(this.#t5, padRows(lists, length, { padding }), length);
  }

  /** Columns of examples. */
  examples(examples: readonly UemExample[]): Batch {
    return { ...this.queries(examples), ...this.answers(examples.map(({ answer }) => answer)) };
  }
}
