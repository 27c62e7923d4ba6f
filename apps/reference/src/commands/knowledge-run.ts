import { join } from 'node:path';
import {
  type CommandContext,
  checkWritable,
  terminalWidth,
  withProgress,
  wrapped,
} from '@palate/command-line';
import {
  type Dataset,
  InvalidInputError,
  type KnowledgeStore,
  type LanguageModel,
  type TokenUsage,
} from '@palate/core';
import { answerJob, type JobQueue, modelByJobs } from '@palate/jobs';
import type { KnowledgeReport } from '@palate/knowledge-augment';
import { Budget, withBudget, withLimits, withRetry } from '@palate/llm';
import { loadData } from '../data.js';
import { namedModel } from '../engine/live-model.js';
import { withWorkers } from '../jobs/with-queue.js';
import { count, estimateInWords, estimates } from '../knowledge/estimates.js';
import { jobsOf, type KindOptions, priceOf } from '../knowledge/kind-options.js';
import type { KnowledgeJob } from '../knowledge/knowledge-job.js';
import { causesOf } from '../knowledge/recorded-failures.js';
import { noModel, spentInWords } from '../knowledge/reporting.js';
import { RunRecord } from '../knowledge/run-record.js';
import { SpendingLedger } from '../knowledge/spending-ledger.js';
import { FAILURES, knowledgeFolder } from '../knowledge/store-folder.js';
import { withStore } from '../knowledge/with-store.js';

interface RunOptions extends KindOptions {
  readonly sample?: number | undefined;
  readonly maxCost?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly budget: boolean;
  readonly concurrency?: number | undefined;
  readonly queue?: string | undefined;
}

/** The budget of a run over all that the store has cost so far. */
function budgetOf(options: RunOptions, spent: TokenUsage): Budget | undefined {
  const { maxCost, maxTokens } = options;
  if (maxCost === undefined && maxTokens === undefined) {
    if (options.sample !== undefined || !options.budget) return undefined;
    throw new InvalidInputError({
      expected: 'a limit on the cost of the texts: --max-cost MONEY (with prices) or --max-tokens NUMBER',
      received: 'none',
      hint: '`palate knowledge estimate` estimates it; `--sample 5` shows a few texts first; --no-budget sets no limit.',
    });
  }
  if (maxCost !== undefined && !priceOf(options))
    throw new InvalidInputError({
      expected: '--input-price and --output-price, per million tokens, with --max-cost',
      received: 'no price',
      hint: 'Give the prices of the model, or limit it with --max-tokens.',
    });
  return new Budget({ maxCost, maxTokens, price: priceOf(options), spent });
}

/** `palate knowledge run`: writes the texts that are missing, within the budget; the model is asked here, or by workers. */
export async function runKnowledgeCommand(options: RunOptions, context: CommandContext): Promise<void> {
  if (options.queue === undefined) return run(options, context, undefined);
  await withWorkers(options.queue, (queue) => run(options, context, queue));
}

async function run(options: RunOptions, context: CommandContext, queue: JobQueue | undefined): Promise<void> {
  const { signal } = context;
  const { concurrency = queue ? 64 : 4 } = options;
  const named = await namedModel();
  if (!named) throw noModel();
  const folder = await knowledgeFolder(options.data, options.store);
  await checkWritable(folder);
  const ledger = await SpendingLedger.open(folder);
  const budget = budgetOf(options, ledger.spent);
  const careful = (asked: LanguageModel): LanguageModel => {
    const booked = ledger.booking(asked);
    return withRetry(withLimits(budget ? withBudget(booked, { budget }) : booked, { concurrency }));
  };
  const dataset = await loadData(options.data, { signal });
  const jobs = await jobsOf(dataset, options, signal);
  await withStore(folder, async (store) => {
    const price = priceOf(options);
    const before = await estimates(jobs, store, named.model, price);
    if (!context.json) for (const line of estimateInWords(before, price)) context.print(line);
    const record = await RunRecord.begin(folder, {
      kinds: jobs.map(({ kind }) => kind),
      model: named.model.id,
      price,
    });
    const model = careful(
      queue
        ? modelByJobs(queue, answerJob(named.model, { round: record.round }), { model: named.model })
        : named.model,
    );
    const reports: { readonly job: KnowledgeJob; readonly report: KnowledgeReport }[] = [];
    try {
      for (const job of jobs) {
        const report = await withProgress(`asking ${model.id}`, context, ({ onProgress }) =>
          job.run({
            store,
            model,
            concurrency,
            failures: join(folder, FAILURES),
            signal,
            onProgress: (progress) => {
              record.progress(job.kind, progress);
              onProgress?.(progress);
            },
          }),
        );
        reports.push({ job, report });
        if (report.stoppedBy) break;
      }
    } catch (error) {
      await record.end(error);
      throw error;
    }
    const stoppedBy = reports.find(({ report }) => report.stoppedBy)?.report.stoppedBy;
    await record.end(stoppedBy);
    const failed = reports.flatMap(({ report }) => report.failed);
    const stored = reports.reduce((sum, { report }) => sum + report.stored, 0);
    if (context.json)
      context.printJson({
        data: dataset.name,
        model: model.id,
        store: folder,
        asked: queue ? undefined : named.asked(),
        stored,
        kinds: reports.map(({ job, report }) => ({
          kind: job.kind,
          known: report.known,
          stored: report.stored,
          failed: report.failed.length,
        })),
        failures: causesOf(failed),
        leftOut: named.leftOut(),
        stoppedBy: stoppedBy ? { code: stoppedBy.code, message: stoppedBy.message } : undefined,
        spent: ledger.spent,
        samples: options.sample === undefined ? undefined : await samplesOf(jobs, store, model, dataset),
      });
    else {
      context.print('');
      if (options.sample !== undefined)
        for (const { kind, about, text } of await samplesOf(jobs, store, model, dataset))
          for (const line of [`${kind}: ${about}`, ...wrapped(`  ${text}`, terminalWidth())])
            context.print(line);
      for (const { job, report } of reports)
        context.print(
          `${job.kind}: ${count(report.stored)} written, ${count(report.known)} existed, ${count(report.failed.length)} failed`,
        );
      for (const { code, count: times, example } of causesOf(failed))
        context.print(`  ${times} × ${code}: ${example}`);
      for (const { parameter, because } of named.leftOut())
        context.print(`  without ${parameter}, which the server refused: ${because}`);
      context.print(
        `${model.id} was asked ${queue ? 'by workers' : times(named.asked())}; ${spentInWords(ledger.spent, price)} for this store so far`,
      );
    }
    if (stoppedBy) throw stoppedBy;
    if (stored === 0 && failed.length > 0) process.exitCode = 1;
  });
}

const times = (asked: number): string => ['never', 'once', 'twice'][asked] ?? `${count(asked)} times`;

async function samplesOf(
  jobs: readonly KnowledgeJob[],
  store: KnowledgeStore,
  model: LanguageModel,
  { log, catalog }: Dataset,
): Promise<{ kind: string; about: string; text: string }[]> {
  const samples: { kind: string; about: string; text: string }[] = [];
  const title = catalog.fields.includes('title') ? ['title'] : catalog.fields.slice(0, 1);
  for (const job of jobs)
    for await (const { entity, text } of job.known({ store, model })) {
      const item = job.entityType === 'item' ? log.items.find(entity) : undefined;
      const about =
        item === undefined ? `${job.entityType} ${entity}` : catalog.itemText(item, title) || entity;
      samples.push({ kind: job.kind, about, text });
    }
  return samples;
}
