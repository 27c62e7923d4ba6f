import { dirname, resolve } from 'node:path';
import { type CommandContext, checkWritable, namesIn, table } from '@palate/command-line';
import { InvalidInputError, type KnowledgeStore, type LanguageModel } from '@palate/core';
import { exportKnowledge } from '@palate/knowledge-augment';
import { loadData } from '../data.js';
import { namedModel } from '../engine/live-model.js';
import { count, estimateInWords, estimates, sumOf } from '../knowledge/estimates.js';
import { jobsOf, type KindOptions, priceOf, type StoreOptions } from '../knowledge/kind-options.js';
import { kindsOf } from '../knowledge/kinds.js';
import { causesOf, recordedFailures } from '../knowledge/recorded-failures.js';
import { noModel, spentInWords } from '../knowledge/reporting.js';
import { SpendingLedger } from '../knowledge/spending-ledger.js';
import { hasKnowledge, knowledgeFolder } from '../knowledge/store-folder.js';
import { withStore } from '../knowledge/with-store.js';

/** Stands for the model where none is named: nothing is known of it, and nobody asks it. */
const NOBODY: LanguageModel = {
  id: 'no-model',
  generate: () => Promise.reject(noModel()),
};

/** A store without a text, for what asks nobody. */
const EMPTY: KnowledgeStore = {
  get: async () => undefined,
  put: async () => undefined,
  async *list() {},
  close: async () => undefined,
};

/** `palate knowledge estimate`: what the texts would cost. Asks nobody. */
export async function estimateCommand(options: KindOptions, context: CommandContext): Promise<void> {
  const dataset = await loadData(options.data, { signal: context.signal });
  const jobs = await jobsOf(dataset, options, context.signal);
  const folder = await knowledgeFolder(options.data, options.store);
  const model = (await namedModel())?.model ?? NOBODY;
  const price = priceOf(options);
  const use = (store: KnowledgeStore) => estimates(jobs, store, model, price);
  const found = (await hasKnowledge(folder)) ? await withStore(folder, use) : await use(EMPTY);
  if (context.json) {
    context.printJson({
      data: dataset.name,
      model: model.id,
      store: folder,
      kinds: found,
      expected: sumOf(found.map(({ expected }) => expected)),
      worst: sumOf(found.map(({ worst }) => worst)),
    });
    return;
  }
  for (const line of estimateInWords(found, price)) context.print(line);
}

/** `palate knowledge status`: what there is, what failed, what was spent. */
export async function statusCommand(options: KindOptions, context: CommandContext): Promise<void> {
  const dataset = await loadData(options.data, { signal: context.signal });
  const folder = await knowledgeFolder(options.data, options.store);
  if (!(await hasKnowledge(folder))) throw noStore(folder);
  const texts = new Map<string, { kind: string; of: string; model: string; texts: number }>();
  await withStore(folder, async (store) => {
    for await (const { entityType, kind, model } of store.list()) {
      const key = JSON.stringify([kind, model]);
      const found = texts.get(key) ?? { kind, of: entityType, model, texts: 0 };
      found.texts++;
      texts.set(key, found);
    }
  });
  const { spent } = await SpendingLedger.open(folder);
  const failures = causesOf(await recordedFailures(folder));
  const sizes = { item: dataset.log.items.size, user: dataset.log.users.size };
  const rows = [...texts.values()];
  if (context.json) {
    context.printJson({ data: dataset.name, store: folder, sizes, kinds: rows, failures, spent });
    return;
  }
  for (const line of table(
    [
      { heading: 'texts' },
      { heading: 'there', align: 'right' },
      { heading: 'of', align: 'right' },
      { heading: '' },
      { heading: 'written by', least: 12 },
    ],
    rows.map(({ kind, of, model, texts: there }) => [
      kind,
      count(there),
      count(of === 'item' ? sizes.item : sizes.user),
      `${of}s`,
      model,
    ]),
  ))
    context.print(line);
  for (const { code, count: many, example } of failures)
    context.print(`failed so far: ${many} × ${code}: ${example}`);
  context.print(`spent: ${spentInWords(spent, priceOf(options))}`);
}

function noStore(folder: string): InvalidInputError {
  return new InvalidInputError({
    expected: 'a store of texts',
    received: `nothing at ${folder}`,
    hint: '`palate knowledge run` creates one; --store names another.',
  });
}

/** `palate knowledge export`: all texts as JSON lines. */
export async function exportCommand(
  options: StoreOptions & { readonly kinds?: string | undefined },
  context: CommandContext,
  file: string,
): Promise<void> {
  const folder = await knowledgeFolder(options.data, options.store);
  if (!(await hasKnowledge(folder))) throw noStore(folder);
  await checkWritable(dirname(resolve(file)));
  const kinds =
    options.kinds === undefined ? undefined : kindsOf(namesIn(options.kinds)).map(({ name }) => name);
  const written = await withStore(folder, (store) =>
    exportKnowledge(kinds ? ofKinds(store, kinds) : store, file, {}, { signal: context.signal }),
  );
  if (context.json) context.printJson({ file, entries: written });
  else context.print(`${count(written)} texts written to ${file}`);
}

/** The part of a store that is of some kinds. */
function ofKinds(store: KnowledgeStore, kinds: readonly string[]): KnowledgeStore {
  return {
    get: (key) => store.get(key),
    put: (entries) => store.put(entries),
    close: () => store.close(),
    async *list(filter) {
      for await (const entry of store.list(filter)) if (kinds.includes(entry.kind)) yield entry;
    },
  };
}
