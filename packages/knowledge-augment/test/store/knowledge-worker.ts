// Run by the kill test: generates knowledge with a model that writes down what it is asked.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import type { KnowledgeStore, LanguageModel } from '@palate/core';
// From their own files: the process is started two dozen times, and loads no tensors for this.
import { generateKnowledge } from '../../src/store/generate-knowledge.js';
import { openKnowledgeStore } from '../../src/store/lmdb-knowledge-store.js';
import type { PromptTemplate } from '../../src/store/prompt-template.js';

const [folder = '', count = '0', waitsFor] = process.argv.slice(2);
const note = (line: string): void => appendFileSync(`${folder}/asked.log`, `${line}\n`);

const model: LanguageModel = {
  id: 'test:writer',
  generate: async (requests) => {
    const outcomes = [];
    for (const { messages } of requests) {
      const entity = messages[0]?.content ?? '';
      note(`asked ${entity}`);
      await new Promise((resolve) => setTimeout(resolve, 2 + (entity.length % 3)));
      outcomes.push({
        ok: true as const,
        result: {
          text: `about ${entity}`,
          usage: { inputTokens: 1, outputTokens: 1 },
          finishReason: 'stop' as const,
          model: 'writer',
        },
      });
    }
    return outcomes;
  },
};

const template: PromptTemplate<string> = {
  kind: 'infer',
  entityType: 'item',
  version: '1',
  messages: (entity) => [{ role: 'user', content: entity }],
};

const store = openKnowledgeStore(`${folder}/store`);
const noting: KnowledgeStore = {
  get: (key) => store.get(key),
  claim: async (key, owner) => (await store.claim?.(key, owner)) ?? 'granted',
  release: async (key, owner) => store.release?.(key, owner),
  list: (filter) => store.list(filter),
  close: () => store.close(),
  put: async (entries) => {
    await store.put(entries);
    for (const { entity } of entries) note(`stored ${entity}`);
  },
};
if (waitsFor !== undefined) {
  await store.get({ entityType: 'item', entity: 'none', kind: 'infer', promptVersion: '1', model: 'm' });
  writeFileSync(`${folder}/ready-${process.pid}`, '');
  while (!existsSync(waitsFor)) await new Promise((resolve) => setTimeout(resolve, 2));
}
await generateKnowledge({
  store: noting,
  model,
  template,
  inputs: Array.from({ length: Number(count) }, (_, k) => ({ entity: `film-${k}`, input: `film-${k}` })),
  concurrency: 3,
});
await store.close();
note('finished');
