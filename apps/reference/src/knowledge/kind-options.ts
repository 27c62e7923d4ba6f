import { namesIn } from '@palate/command-line';
import { type Dataset, InvalidInputError } from '@palate/core';
import { FACTORS } from '@palate/knowledge-augment';
import type { TokenPrice } from '@palate/llm';
import type { DataOptions, PrintingOptions } from '../command-options.js';
import { kindsOf } from './kinds.js';
import type { KnowledgeJob } from './knowledge-job.js';

/** Options of every part of `palate knowledge`. */
export interface StoreOptions extends DataOptions, PrintingOptions {
  readonly store?: string | undefined;
}

/** Options of the parts that say which texts are asked for. */
export interface KindOptions extends StoreOptions {
  readonly kinds?: string | undefined;
  readonly limit?: number | undefined;
  readonly fields?: string | undefined;
  readonly noun: string;
  readonly factors?: string | undefined;
  readonly latest?: boolean | undefined;
  readonly inputPrice?: number | undefined;
  readonly outputPrice?: number | undefined;
}

/** The price that the options give, if any. */
export const priceOf = ({ inputPrice, outputPrice }: KindOptions): TokenPrice | undefined =>
  inputPrice === undefined && outputPrice === undefined
    ? undefined
    : { inputPerMillion: inputPrice ?? 0, outputPerMillion: outputPrice ?? 0 };

/** The jobs of a run, over a data set. */
export async function jobsOf(
  dataset: Dataset,
  options: KindOptions & { readonly sample?: number | undefined },
  signal: AbortSignal,
): Promise<KnowledgeJob[]> {
  const { catalog } = dataset;
  const known = catalog.fields.filter((name) =>
    catalog.column(name)?.some((value) => typeof value === 'string' || Array.isArray(value)),
  );
  const fields = options.fields === undefined ? known : namesIn(options.fields);
  catalog.provenanceOf(fields);
  if (fields.length === 0)
    throw new InvalidInputError({
      expected: 'items with texts, which the prompts are made from',
      received: `${dataset.name} without any`,
      hint: 'Import the data with --items FILE.',
    });
  const domain = {
    noun: options.noun,
    factors: options.factors === undefined ? (FACTORS.generic?.factors ?? []) : namesIn(options.factors),
  };
  const jobs: KnowledgeJob[] = [];
  for (const kind of kindsOf(options.kinds === undefined ? undefined : namesIn(options.kinds)))
    jobs.push(
      await kind.job(dataset, {
        domain,
        fields,
        part: options.latest ? 'latest' : 'early',
        limit: options.sample ?? options.limit,
        signal,
      }),
    );
  return jobs;
}
