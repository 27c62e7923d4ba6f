import { z } from 'zod';

const found = z.array(z.strictObject({ method: z.string(), rank: z.int() }));
const value = z.union([z.string(), z.number(), z.array(z.string())]);
const outcomes = z
  .array(
    z.strictObject({
      source: z.string(),
      asked: z.int(),
      fellBack: z.int(),
      causes: z.record(z.string(), z.int()),
      examples: z.record(z.string(), z.string()).optional(),
    }),
  )
  .describe('Fallbacks and skipped parts, by cause.');

export const answer = z
  .strictObject({
    items: z.array(
      z.strictObject({
        id: z.string(),
        title: z.string(),
        score: z
          .number()
          .describe('The score that the order is based on; scores of different answers cannot be compared.'),
        rank: z.int().describe('From 1.'),
        reason: z.string().optional(),
        reasonSource: z.string().optional(),
        from: found,
        attributes: z.record(z.string(), value),
      }),
    ),
    understood: z
      .strictObject({ likes: z.string(), dislikes: z.array(z.string()), limits: z.string() })
      .optional()
      .describe('How a request in words was understood.'),
    keywords: z.array(z.string()),
    sources: z
      .strictObject({
        profile: z.string(),
        candidates: z.string(),
        order: z.string(),
        explanations: z.string(),
      })
      .describe('Where each part comes from, in sentences for people.'),
    stages: z.array(z.strictObject({ name: z.string(), milliseconds: z.number() })),
    candidates: z.array(
      z.strictObject({ id: z.string(), title: z.string(), score: z.number(), from: found }),
    ),
    outcomes,
    version: z.string().describe('Identifies data and models; changes with new items and refits.'),
  })
  .meta({ id: 'Answer' });

export const answers = z.strictObject({ answers: z.array(answer) }).meta({ id: 'Answers' });

export const explanation = z
  .strictObject({
    item: z.string(),
    title: z.string(),
    text: z.string(),
    source: z.string(),
    sources: z.string(),
    outcomes,
  })
  .meta({ id: 'Explanation' });

export const accepted = z
  .strictObject({ accepted: z.int().describe('How many events were new.') })
  .meta({ id: 'Accepted' });

export const added = z.strictObject({ added: z.int(), updated: z.int() }).meta({ id: 'Added' });

export const item = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    text: z.record(z.string(), z.string()),
    attributes: z.record(z.string(), value),
    knowledge: z.string().optional(),
    tags: z.array(z.string()),
    interactions: z.int(),
    semanticId: z.array(z.int()).optional(),
    isNew: z.boolean(),
  })
  .meta({ id: 'Item' });

export const itemPage = z
  .strictObject({
    total: z.int(),
    items: z.array(z.strictObject({ id: z.string(), title: z.string() })),
  })
  .meta({ id: 'ItemPage' });

export const user = z
  .strictObject({
    id: z.string(),
    history: z.array(
      z.strictObject({
        item: z.string(),
        title: z.string(),
        time: z.number().optional(),
        rating: z.number().optional(),
        isFeedback: z.boolean(),
      }),
    ),
    dislikes: z.array(z.string()),
    keywords: z.array(z.string()),
  })
  .meta({ id: 'User' });

export const job = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['prepare', 'fit', 'refit', 'knowledge', 'queue']),
    title: z.string(),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    progress: z
      .strictObject({ done: z.number(), total: z.number().optional(), message: z.string().optional() })
      .optional(),
    startedAt: z.number().describe('Milliseconds since 1970.'),
    endedAt: z.number().optional(),
    error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
    spent: z
      .strictObject({ inputTokens: z.int(), outputTokens: z.int(), cost: z.number().optional() })
      .optional()
      .describe('Total cost of all runs of the store of texts.'),
    failures: z
      .array(z.strictObject({ code: z.string(), count: z.int(), example: z.string() }))
      .optional()
      .describe('Failures of the run by cause.'),
  })
  .meta({ id: 'Job' });

export const jobs = z.strictObject({ jobs: z.array(job) }).meta({ id: 'Jobs' });

const free = z.record(z.string(), z.unknown());
const method = z
  .looseObject({
    key: z.string(),
    title: z.string(),
    state: z.enum(['not fitted', 'fitting', 'ready', 'failed']),
  })
  .meta({ id: 'System' });

export const systems = z.strictObject({ systems: z.array(method) }).meta({ id: 'Systems' });

export const status = z
  .looseObject({
    version: z.string(),
    data: free,
    pipeline: free,
    methods: z.array(method),
    feedback: free,
    answered: z.int(),
  })
  .meta({ id: 'Status' });

export const map = z
  .strictObject({
    ids: z.array(z.string()),
    titles: z.array(z.string()),
    x: z.array(z.number()),
    y: z.array(z.number()),
    codes: z.array(z.array(z.int())),
    interactions: z.array(z.int()),
    total: z.int(),
    source: z.string(),
    version: z.string(),
  })
  .meta({ id: 'Map' });

export const benchmarks = z
  .strictObject({ tables: z.array(z.looseObject({ name: z.string(), title: z.string() })) })
  .meta({ id: 'Benchmarks' });

export const failure = z
  .strictObject({
    error: z.strictObject({
      code: z.string(),
      message: z.string(),
      expected: z.string().optional(),
      received: z.string().optional(),
      hint: z.string().optional(),
    }),
  })
  .meta({ id: 'Failure' });
