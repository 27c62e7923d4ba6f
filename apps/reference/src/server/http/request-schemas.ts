import { FEEDBACK_KINDS } from '@palate/core';
import { z } from 'zod';
import { LIMITS } from './limits.js';

const id = z.string().min(1).max(LIMITS.idLength);
const ids = z.array(id).max(LIMITS.ids);
const k = z.int().min(1).max(LIMITS.k);
const filter = z
  .record(
    z.string(),
    z.union([
      z.string(),
      z.number(),
      z.array(z.union([z.string(), z.number()])).max(LIMITS.ids),
      z.strictObject({ min: z.number().optional(), max: z.number().optional() }),
    ]),
  )
  .describe('What items must be, by catalogue column: a value, one of several, or a range.');
const asker = {
  user: id.optional().describe('A user of the data or of the feedback; anybody else is a new user.'),
  history: z
    .array(
      z.union([id, z.strictObject({ item: id, rating: z.number().optional(), time: z.number().optional() })]),
    )
    .max(LIMITS.ids)
    .optional()
    .describe('Items, oldest first, instead of what is known of the user.'),
  text: z
    .string()
    .max(LIMITS.textLength)
    .optional()
    .describe('A request in words; what it excludes is left out.'),
  dislikes: ids
    .optional()
    .describe('Items that the user dislikes: left out, and similar items are moved down.'),
};

/** A request for recommendations. */
export const recommendRequest = z
  .strictObject({
    ...asker,
    k: k.optional().describe('Length of the list. Default 10.'),
    candidates: ids.optional().describe('Items to choose from; all if left out.'),
    exclude: ids.optional().describe('Items never to return.'),
    filter: filter.optional(),
    explain: z.boolean().optional().describe('True to give each item a reason.'),
    system: z
      .string()
      .max(100)
      .optional()
      .describe('Key of one system (GET /systems) instead of the pipeline.'),
    diversity: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Weight of diversity among the items against the order.'),
  })
  .meta({ id: 'RecommendRequest' });

export const batchRequest = z
  .strictObject({ requests: z.array(recommendRequest).min(1).max(LIMITS.batch) })
  .meta({ id: 'BatchRequest' });

export const similarRequest = z
  .strictObject({
    item: id,
    k: k.optional(),
    by: z
      .enum(['use', 'text', 'graph'])
      .optional()
      .describe('By what is chosen together, by texts, or by walks in the graph of users and items.'),
    exclude: ids.optional(),
    filter: filter.optional(),
  })
  .meta({ id: 'SimilarRequest' });

export const rankRequest = z
  .strictObject({
    ...asker,
    candidates: ids.min(1),
    k: k.optional(),
    explain: z.boolean().optional(),
    system: z.string().max(100).optional(),
  })
  .meta({ id: 'RankRequest' });

export const searchRequest = z
  .strictObject({ words: z.string().max(LIMITS.textLength), k: k.optional(), filter: filter.optional() })
  .meta({ id: 'SearchRequest' });

export const explainRequest = z.strictObject({ ...asker, item: id }).meta({ id: 'ExplainRequest' });

export const feedbackRequest = z
  .strictObject({
    events: z
      .array(
        z.strictObject({
          user: id,
          item: id,
          time: z.number().min(0).optional().describe('Seconds since 1970. Default now.'),
          rating: z.number().optional(),
          kind: z.enum(FEEDBACK_KINDS).optional(),
          request: z.string().max(LIMITS.idLength).optional(),
          id: id.optional().describe('Idempotency key: events with the same id count once.'),
        }),
      )
      .min(1)
      .max(LIMITS.events),
  })
  .meta({ id: 'FeedbackRequest' });

export const itemsRequest = z
  .strictObject({
    items: z
      .array(
        z.strictObject({
          id,
          text: z.record(z.string().max(200), z.string().max(100_000)),
          attributes: z
            .record(z.string().max(200), z.union([z.string(), z.number(), z.array(z.string())]))
            .optional(),
        }),
      )
      .min(1)
      .max(LIMITS.items),
  })
  .meta({ id: 'ItemsRequest' });

export const fitRequest = z.strictObject({ system: z.string().min(1).max(100) }).meta({ id: 'FitRequest' });

export const refitRequest = z.strictObject({}).meta({ id: 'RefitRequest' });

export const cancelRequest = z.strictObject({}).meta({ id: 'CancelRequest' });

export const itemsQuery = z.strictObject({
  query: z.string().max(LIMITS.textLength).optional().describe('Words of titles, also misspelt.'),
  prefix: z.string().max(LIMITS.textLength).optional().describe('Beginning of titles or ids.'),
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.k).optional().describe('Default 50.'),
});
