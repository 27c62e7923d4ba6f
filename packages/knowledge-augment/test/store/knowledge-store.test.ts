import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidInputError, type KnowledgeStore, type LanguageModel, madeFrom } from '@palate/core';
import { knowledgeEntry as entry, knowledgeStoreConformance } from '@palate/core/testing';
import {
  loadBundledMovieTweetings,
  loadEngagement,
  loadItemKnowledge,
  loadTags,
  loadUserKnowledge,
} from '@palate/dataset-movietweetings';
import { describe, expect, it } from 'vitest';
import {
  exportKnowledge,
  type GenerateKnowledgeOptions,
  generateKnowledge,
  importKnowledge,
  knowledgeOf,
  openKnowledgeStore,
  type PromptTemplate,
  pendingKnowledge,
  recordedKnowledge,
} from '../../src/index.js';

const folder = (): string => mkdtempSync(join(tmpdir(), 'palate-store-'));

async function listed(store: KnowledgeStore, filter = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const { entity, kind, model } of store.list(filter)) found.push(`${kind}/${model}/${entity}`);
  return found;
}

describe('openKnowledgeStore', () => {
  const places = new WeakMap<KnowledgeStore, string>();
  const open = async (path: string): Promise<KnowledgeStore> => {
    const store = openKnowledgeStore(path);
    places.set(store, path);
    return store;
  };
  for (const { name, run } of knowledgeStoreConformance({
    create: () => open(join(folder(), 'store')),
    reopen: (closed) => open(places.get(closed) ?? ''),
  }))
    it(name, run);

  it('is exported with the versions of all prompts', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    await store.put([
      entry('a', { promptHash: 'f', createdAt: 9 }),
      entry('a', { promptHash: '0', createdAt: 5 }),
      entry('a', { createdAt: 7 }),
      entry('b', { promptHash: '1', createdAt: 1 }),
    ]);
    expect(await exportKnowledge(store, join(folder(), 'all.jsonl'))).toBe(4);
    await store.close();
  });
});

describe('knowledge files', () => {
  it('carry a store to another one', async () => {
    const dir = folder();
    const from = openKnowledgeStore(join(dir, 'from'));
    await from.put([
      entry('a', { facts: { tags: ['x'] } }),
      entry('b', { text: 'two\nlines', provenance: madeFrom({ users: { b: { n: 3, until: 4.5 } } }) }),
    ]);
    expect(await exportKnowledge(from, join(dir, 'knowledge.jsonl'))).toBe(2);
    const to = openKnowledgeStore(join(dir, 'to'));
    expect(await importKnowledge(to, join(dir, 'knowledge.jsonl'))).toBe(2);
    expect(await to.get(entry('b'))).toEqual(
      entry('b', { text: 'two\nlines', provenance: madeFrom({ users: { b: { n: 3, until: 4.5 } } }) }),
    );
    expect(readdirSync(dir).filter((name) => name.includes('writing'))).toEqual([]);
    await from.close();
    await to.close();
  });

  it('name the line of what is no entry, and store nothing of the file', async () => {
    const dir = folder();
    const path = join(dir, 'broken.jsonl');
    writeFileSync(path, `${JSON.stringify(entry('a'))}\n${JSON.stringify({ ...entry('b'), kind: '' })}\n`);
    const store = openKnowledgeStore(join(dir, 'store'));
    await expect(importKnowledge(store, path)).rejects.toMatchObject({
      code: 'parse-error',
      position: { line: 2 },
    });
    expect(await listed(store)).toEqual([]);
    writeFileSync(path, `${JSON.stringify({ ...entry('a'), provenance: { kind: 'nothing' } })}\n`);
    await expect(importKnowledge(store, path)).rejects.toThrow(/broken\.jsonl:1.*provenance/);
    expect(await listed(store)).toEqual([]);
    await store.close();
  });
});

describe('recordedKnowledge', () => {
  it('brings all bundled texts into a store, with what their writer knew', async () => {
    const { log } = await loadBundledMovieTweetings({ core: 5 });
    const store = openKnowledgeStore(join(folder(), 'store'));
    const shared = { promptVersion: 'recorded-1', model: 'claude', createdAt: 1_793_000_000 };
    const items = { ...shared, entityType: 'item' as const };
    await store.put(recordedKnowledge(await loadItemKnowledge(), { ...items, kind: 'infer' }));
    await store.put(recordedKnowledge(await loadTags(), { ...items, kind: 'tag' }));
    await store.put(recordedKnowledge(await loadEngagement(), { ...items, kind: 'engagement' }));
    await store.put(
      recordedKnowledge(await loadUserKnowledge(), {
        ...shared,
        entityType: 'user',
        kind: 'preference',
        log,
      }),
    );
    for (const kind of ['infer', 'tag', 'engagement'])
      expect(await listed(store, { ...items, kind })).toHaveLength(2414);
    let users = 0;
    for await (const { entity, facts, knowsUntil } of store.list({ entityType: 'user' })) {
      const { offsets, row } = log.byUser();
      const nth = (offsets[log.users.indexOf(entity)] as number) + (facts?.n as number) - 1;
      expect(knowsUntil).toBe(log.timestamp?.[row[nth] as number]);
      users++;
    }
    expect(users).toBe(4333);
    await store.close();
  });
});

const template: PromptTemplate<string> = {
  kind: 'infer',
  entityType: 'item',
  version: '3',
  messages: (title) => [{ role: 'user', content: title }],
  clean: (answer) => {
    if (answer === 'refused')
      throw new InvalidInputError({ expected: 'a text', received: answer, hint: 'Ask otherwise.' });
    return { text: answer.toUpperCase(), facts: { length: answer.length } };
  },
};

function model(answer: (title: string) => string, asked: string[] = []): LanguageModel {
  return {
    id: 'test:m',
    generate: async (requests) =>
      requests.map(({ messages, promptVersion }) => {
        const title = messages[0]?.content ?? '';
        asked.push(`${promptVersion} ${title}`);
        const text = answer(title);
        return text === 'broken'
          ? {
              ok: false,
              error: new InvalidInputError({ expected: 'x', received: 'y', hint: 'z' }),
            }
          : {
              ok: true,
              result: {
                text,
                usage: { inputTokens: 10, outputTokens: 2 },
                finishReason: 'stop',
                model: 'm-2026',
              },
            };
      }),
  };
}

describe('generateKnowledge', () => {
  const inputs = ['alien', 'heat', 'jaws'].map((entity) => ({ entity, input: entity, knowsUntil: 5 }));

  it('stores cleaned answers with their provenance and asks only for what is missing', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const asked: string[] = [];
    const failures = join(folder(), 'failures.jsonl');
    const first = await generateKnowledge({
      store,
      model: model((title) => (title === 'heat' ? 'broken' : title === 'jaws' ? 'refused' : 'good'), asked),
      template,
      inputs,
      failures,
    });
    expect(first).toMatchObject({ known: 0, stored: 1, inputTokens: 20, outputTokens: 4 });
    expect(first.failed.map(({ key, answer }) => [key.entity, answer])).toEqual([
      ['heat', undefined],
      ['jaws', 'refused'],
    ]);
    const ledger = readFileSync(failures, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(ledger).toEqual(first.failed);
    expect(await store.get({ ...entry('alien'), promptVersion: '3', model: 'test:m' })).toMatchObject({
      text: 'GOOD',
      facts: { length: 4, answeredBy: 'm-2026' },
      knowsUntil: 5,
    });
    expect(await pendingKnowledge({ store, model: model(() => ''), template, inputs })).toHaveLength(2);
    const second = await generateKnowledge({ store, model: model(() => 'now', asked), template, inputs });
    expect(second).toMatchObject({ known: 1, stored: 2, failed: [] });
    expect(asked.filter((line) => line === 'infer@3 alien')).toHaveLength(1);
    await store.close();
  });

  it('takes nothing for knowledge that is none, tells why, and asks again', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const none: Readonly<Record<string, [text: string, finishReason: 'stop' | 'length' | 'filter']>> = {
      'empty-answer': ['  \n', 'stop'],
      'cut-answer': ['A film about a thief who', 'length'],
      'filtered-answer': ['A film', 'filter'],
      'refused-answer': ["I'm sorry, but I can't help with that.", 'stop'],
      'error-answer': ['{"error": {"message": "overloaded"}}', 'stop'],
      'reasoning-alone': ['<think>The user wants', 'length'],
    };
    let isGood = false;
    const asked: string[] = [];
    const moody: LanguageModel = {
      id: 'test:m',
      generate: async (requests) =>
        requests.map(({ messages }) => {
          const code = messages[0]?.content ?? '';
          asked.push(code);
          const [text, finishReason] = isGood
            ? ['<think>hm</think>good', 'stop' as const]
            : (none[code] ?? ['', 'stop']);
          return {
            ok: true,
            result: { text, finishReason, usage: { inputTokens: 1, outputTokens: 1 }, model: 'm' },
          };
        }),
    };
    const kinds = Object.keys(none).map((entity) => ({ entity, input: entity }));
    const failures = join(folder(), 'failures.jsonl');
    const { clean: _, ...plain } = template;
    const job = { store, model: moody, template: plain, inputs: kinds, failures };
    const first = await generateKnowledge(job);
    expect(first.stored).toBe(0);
    for (const { key, code, answer } of first.failed) {
      expect(code).toBe(key.entity);
      // It was paid for: the ledger keeps it.
      expect(answer).toBe(none[code]?.[0]);
    }
    expect(first.failed).toHaveLength(kinds.length);
    expect(await listed(store)).toEqual([]);
    isGood = true;
    expect(await generateKnowledge(job)).toMatchObject({ stored: kinds.length, failed: [] });
    expect(asked).toHaveLength(2 * kinds.length);
    expect(await store.get({ ...entry('cut-answer'), promptVersion: '3', model: 'test:m' })).toMatchObject({
      text: 'good',
    });
    await store.close();
  });

  it('keeps texts of other prompts apart: other factors, or a changed item text', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const asked: string[] = [];
    const job = (factors: string, text: string): GenerateKnowledgeOptions<string> => ({
      store,
      model: model((prompt) => `about ${prompt}`, asked),
      template: {
        kind: 'facts',
        entityType: 'item',
        version: '1',
        messages: (input: string) => [{ role: 'user', content: `${input} by ${factors}` }],
      },
      inputs: [{ entity: 'heat', input: text }],
    });
    const run = (factors: string, text: string) => generateKnowledge(job(factors, text));
    expect(await run('plot', 'Heat')).toMatchObject({ known: 0, stored: 1 });
    expect(await run('plot', 'Heat')).toMatchObject({ known: 1, stored: 0 });
    expect(await run('mood', 'Heat')).toMatchObject({ known: 0, stored: 1 });
    expect(await run('plot', 'Heat (1995)')).toMatchObject({ known: 0, stored: 1 });
    // Each is still there, and whoever goes back to a prompt pays for nothing.
    expect(await run('plot', 'Heat')).toMatchObject({ known: 1, stored: 0 });
    expect(asked).toHaveLength(3);
    // The newest text is of another prompt than the one gone back to: a job's own texts are asked for by its inputs.
    const own = async (factors: string, text: string): Promise<string[]> => {
      const found: string[] = [];
      for await (const each of knowledgeOf(job(factors, text))) found.push(each.text);
      return found;
    };
    expect((await store.get({ ...entry('heat'), kind: 'facts', model: 'test:m' }))?.text).toBe(
      'about Heat (1995) by plot',
    );
    expect(await own('plot', 'Heat')).toEqual(['about Heat by plot']);
    expect(await own('mood', 'Heat')).toEqual(['about Heat by mood']);
    expect(await own('cast', 'Heat')).toEqual([]);
    expect(await listed(store)).toEqual(['facts/test:m/heat']);
    expect(await listed(store, { allVersions: true })).toHaveLength(3);
    await store.close();
  });

  it('takes imported texts for known, of whatever prompt they are', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    await store.put(inputs.map(({ entity }) => entry(entity, { promptVersion: '3', model: 'test:m' })));
    const asked: string[] = [];
    expect(
      await generateKnowledge({ store, model: model(() => 'x', asked), template, inputs }),
    ).toMatchObject({
      known: 3,
      stored: 0,
    });
    expect(asked).toEqual([]);
    await store.close();
  });

  it('ends when every further request would fail alike, and says so', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    let calls = 0;
    const poor: LanguageModel = {
      id: 'test:m',
      generate: async () => {
        calls++;
        return [
          {
            ok: false,
            error: Object.assign(new InvalidInputError({ expected: 'x', received: 'y', hint: 'z' }), {
              code: 'budget-exceeded',
            }),
          },
        ];
      },
    };
    const report = await generateKnowledge({ store, model: poor, template, inputs, concurrency: 1 });
    expect(report).toMatchObject({ stored: 0, failed: [], stoppedBy: { code: 'budget-exceeded' } });
    expect(calls).toBe(1);
    await store.close();
  });

  it('stops when its signal fires, keeps what had come, and goes on later', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const controller = new AbortController();
    await expect(
      generateKnowledge({
        store,
        model: model(() => 'good'),
        template,
        inputs,
        concurrency: 1,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    expect(await listed(store)).toHaveLength(1);
    const rest = await generateKnowledge({ store, model: model(() => 'good'), template, inputs });
    expect(rest).toMatchObject({ known: 1, stored: 2 });
    await store.close();
  });

  it('refuses a duplicated entity before it asks anything', async () => {
    const store = openKnowledgeStore(join(folder(), 'store'));
    const asked: string[] = [];
    await expect(
      generateKnowledge({ store, model: model(() => 'x', asked), template, inputs: [...inputs, ...inputs] }),
    ).rejects.toMatchObject({ code: 'invalid-input' });
    expect(asked).toEqual([]);
    await store.close();
  });
});
