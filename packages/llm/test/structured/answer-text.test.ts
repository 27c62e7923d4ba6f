import { expect, test } from 'vitest';
import { answerText } from '../../src/structured/answer-text.js';

const ANSWER = 'A slow film about grief.';

test.each<[string, string]>([
  ['a tag', `<think>perhaps fast?</think>\n${ANSWER}`],
  ['upper case', `<THINK>perhaps fast?</THINK>${ANSWER}`],
  [
    'the closing tag alone, as templates leave it',
    `The user wants a text. Perhaps fast?\n</think>\n\n${ANSWER}`,
  ],
  ['thinking', `<thinking>fast?</thinking>${ANSWER}`],
  ['thought', `<thought>fast?</thought>${ANSWER}`],
  ['reasoning', `<reasoning effort="high">fast?</reasoning>${ANSWER}`],
  ['escaped tags', `&lt;think&gt;fast?&lt;/think&gt;${ANSWER}`],
  ['square brackets', `[THINK]fast?[/THINK]${ANSWER}`],
  ['several blocks', `<think>fast?</think><think>no, slow</think>${ANSWER}`],
  ['blocks within blocks', `<think>fast <think>slow</think> or so </think>${ANSWER}`],
  ['reasoning that speaks of its own mark', `<think>I answer after <think> ends.</think>${ANSWER}`],
  [
    'Harmony channels',
    `<|channel|>analysis<|message|>fast?<|end|><|start|>assistant<|channel|>final<|message|>${ANSWER}<|return|>`,
  ],
  ['Harmony without its special tokens', `analysisThe user wants a text. Fast?assistantfinal${ANSWER}`],
  ['Command A', `<|START_THINKING|>fast?<|END_THINKING|><|START_RESPONSE|>${ANSWER}<|END_RESPONSE|>`],
  ['Kimi', `◁think▷fast?◁/think▷${ANSWER}`],
  [
    'OpenThinker',
    `<|begin_of_thought|>fast?<|end_of_thought|><|begin_of_solution|>${ANSWER}<|end_of_solution|>`,
  ],
  ['a fence', `\`\`\`thinking\nfast?\n\`\`\`\n${ANSWER}`],
  ['headings', `Thinking process:\n1. fast?\n2. slow\n\nFinal answer: ${ANSWER}`],
  ['answer tags', `<think>fast?</think><answer>${ANSWER}</answer>`],
])('reasoning in %s is taken off', (_, raw) => {
  expect(answerText(raw)).toEqual({ text: ANSWER, hadReasoning: true });
});

test.each([
  '<think>perhaps fast, perhaps sl',
  '[THINK]perhaps fast, perhaps sl',
  '◁think▷perhaps fast, perhaps sl',
  '<|channel|>analysis<|message|>perhaps fast, perhaps sl',
  'analysisThe user wants a text. Perhaps fa',
  'perhaps fast</think>',
])('reasoning that the length limit cut is no answer: %s', (raw) => {
  expect(answerText(raw)).toEqual({ text: '', hadReasoning: true });
});

test.each([
  ANSWER,
  'Thought Crimes (2003) is a thriller.',
  'A <b>bold</b> film with 3 < 4 jokes.',
  'Analysis of a murder: a crime film.',
])('what is no reasoning stays: %s', (text) => {
  expect(answerText(text)).toEqual({ text, hadReasoning: false });
});

test('what a model without a stop word writes after its turn is cut off', () => {
  expect(answerText(`${ANSWER}<|im_end|>\n<|im_start|>user\nAnd this?`).text).toBe(ANSWER);
  expect(answerText(`${ANSWER}</s>[INST] more`).text).toBe(ANSWER);
  expect(answerText(`\`\`\`text\n${ANSWER}\n\`\`\``).text).toBe(ANSWER);
});
