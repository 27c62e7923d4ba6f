import type { ChatMessage } from '@palate/core';

/** Puts an instruction before messages: as a system message, or at the head of the first for models without that role. */
export function withInstruction(
  instruction: string,
  systemRole: boolean,
  messages: readonly ChatMessage[],
): ChatMessage[] {
  if (systemRole) return [{ role: 'system', content: instruction }, ...messages];
  return messages.map((message, k) =>
    k === 0 ? { ...message, content: `${instruction}\n\n${message.content}` } : message,
  );
}
