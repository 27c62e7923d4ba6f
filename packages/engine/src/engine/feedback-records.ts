import { randomUUID } from 'node:crypto';
import type { FeedbackRecord } from '@palate/core';
import { checkFeedback } from './check-request.js';
import type { LiveCatalogue } from './live-catalogue.js';
import type { FeedbackEvent } from './request.js';

/**
 * Events as they are stored, with what was left out filled in.
 *
 * @throws InvalidInputError naming the first event that cannot be used
 */
export function feedbackRecords(
  events: readonly FeedbackEvent[],
  catalogue: LiveCatalogue,
): FeedbackRecord[] {
  return events.map((event, e) => {
    const where = `events[${e}]`;
    checkFeedback(event, where);
    catalogue.indexOf(event.item, where);
    const { user, item, time = Date.now() / 1000, rating, request, id = randomUUID() } = event;
    const kind = event.kind ?? (rating === undefined ? 'view' : 'rating');
    return {
      id,
      user,
      item,
      time,
      kind,
      rating,
      request,
    };
  });
}
