import { describe, test } from 'vitest';
import { MemoryFeedbackStore } from '../src/index.js';
import { feedbackStoreConformance } from '../src/testing/index.js';

describe('feedback in memory', () => {
  for (const { name, run } of feedbackStoreConformance({ create: async () => new MemoryFeedbackStore() }))
    test(name, run);
});
