import { checkNumber, checkOptions, type GenerateRequest, InvalidInputError } from '@palate/core';

const KNOWN = ['messages', 'maxTokens', 'temperature', 'topP', 'stop', 'seed', 'schema', 'promptVersion'];
const ROLES = ['system', 'user', 'assistant'];

/**
 * Refuses a request that no model could answer.
 *
 * @throws InvalidInputError on unknown fields, no messages, unknown roles, or numbers out of range
 */
export function checkRequest(request: GenerateRequest): void {
  checkOptions('a GenerateRequest', request, KNOWN);
  if (!Array.isArray(request.messages) || request.messages.length === 0)
    throw new InvalidInputError({
      expected: 'at least one message',
      received: JSON.stringify(request.messages) ?? 'none',
      hint: 'Pass messages: [{ role: "user", content: "..." }].',
    });
  for (const message of request.messages)
    if (!ROLES.includes(message.role) || typeof message.content !== 'string')
      throw new InvalidInputError({
        expected: `messages with a role among ${ROLES.join(', ')} and text as content`,
        received: `role ${JSON.stringify(message.role)} with ${typeof message.content} content`,
        hint: "Pass messages such as { role: 'user', content: 'text' }.",
      });
  if (request.maxTokens !== undefined) checkNumber('maxTokens', request.maxTokens, { min: 1, integer: true });
  if (request.temperature !== undefined) checkNumber('temperature', request.temperature, { min: 0 });
  if (request.topP !== undefined) checkNumber('topP', request.topP, { min: 0, max: 1 });
  if (request.seed !== undefined) checkNumber('seed', request.seed, { integer: true });
}
