import type { ChatMessage } from '@palate/core';

/**
 * Messages as servers take them: an assistant's empty message, which many refuse, is left out, and what then follows
 * one another in the same role becomes one message.
 *
 * @param withoutSystem - true to put system messages at the head of the user's, for models that know no such role
 */
export function wireMessages(messages: readonly ChatMessage[], withoutSystem: boolean): ChatMessage[] {
  const given = messages.filter(({ role, content }) => role !== 'assistant' || content.trim() !== '');
  const isChanged = withoutSystem || given.length < messages.length;
  const list: ChatMessage[] = [];
  for (const { role: said, content } of given) {
    const role = withoutSystem && said === 'system' ? 'user' : said;
    const last = list.at(-1);
    if (isChanged && last?.role === role && role !== 'system')
      list[list.length - 1] = { role, content: `${last.content}\n\n${content}` };
    else list.push({ role, content });
  }
  return list;
}
