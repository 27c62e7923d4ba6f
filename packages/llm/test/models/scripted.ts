import type { GenerateRequest } from '@palate/core';
import { expect } from 'vitest';
import { ModelCallError } from '../../src/models/model-error.js';
import { type OpenAIModelOptions, openaiModel } from '../../src/models/openai.js';
import type { Behaviour } from '../server/behaviour.js';
import type { TestServer } from '../server/start-server.js';

type Model = ReturnType<typeof openaiModel>;

let names = 0;
/** A model name of its own, so that tests do not share scripts. */
export async function scriptedAt(
  server: TestServer,
  script: readonly Behaviour[],
  options: Partial<OpenAIModelOptions> = {},
): Promise<{ name: string; model: Model }> {
  const name = `model-${++names}`;
  await server.control.script(name, script);
  return { name, model: openaiModel({ model: name, baseURL: server.baseURL, apiKey: 'k', ...options }) };
}

/** A request of one message. */
export const ask = (content: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: 'user', content }],
  ...more,
});

/** The error of a request that fails. */
export async function failureOf(model: Model, request = ask('hello')): Promise<ModelCallError> {
  const [outcome] = await model.generate([request]);
  if (outcome?.ok !== false) throw new Error('it did not fail');
  expect(outcome.error).toBeInstanceOf(ModelCallError);
  return outcome.error as ModelCallError;
}
