import { createHash } from 'node:crypto';
import type { GenerateRequest, LikelihoodRequest } from '@palate/core';

/** JSON with the keys of every object sorted and undefined ones left out: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** Parts of a key beside the request. */
export interface KeyedModel {
  readonly id: string;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The name of an answer: SHA-256, in hexadecimal, over the model's id and settings and everything in the
 * request (messages, parameters, schema, prompt version). The same on every machine and version.
 */
export function requestKey(model: KeyedModel, request: GenerateRequest | LikelihoodRequest): string {
  const kind = 'messages' in request ? 'generate' : 'log-likelihood';
  const asked = 'stop' in request && request.stop?.length === 0 ? { ...request, stop: undefined } : request;
  const text = canonicalJson(['palate-request-1', model.id, model.settings ?? {}, kind, asked]);
  return createHash('sha256').update(text).digest('hex');
}
