import type { GenerateRequest, LanguageModel } from '@palate/core';

/** A language model that answers by a rule; what it was asked is kept. */
export function answering(answer: (prompt: string, request: GenerateRequest) => string): LanguageModel & {
  readonly asked: string[];
} {
  const asked: string[] = [];
  return {
    id: 'test:rule',
    asked,
    generate: async (requests) =>
      requests.map((request) => {
        const prompt = request.messages.map(({ content }) => content).join('\n');
        asked.push(prompt);
        return {
          ok: true,
          result: {
            text: answer(prompt, request),
            usage: { inputTokens: 1, outputTokens: 1 },
            finishReason: 'stop',
            model: 'rule',
          },
        };
      }),
  };
}
