/** Answer of a model, without its reasoning. */
export interface AnswerText {
  /** The answer itself; empty where there is reasoning alone. */
  readonly text: string;
  /** True where reasoning was found and taken off. */
  readonly hadReasoning: boolean;
}

const THOUGHT =
  'think(?:ing)?|thoughts?|reason(?:ing)?|reflection|scratchpad|analysis|rationale|inner_monologue|seed:think|ant_?thinking';

/**
 * Marks around reasoning, in any case: tags of many names (also with attributes, or escaped as in HTML), those of
 * Magistral (`[THINK]`), Kimi (`◁think▷`), Command A (`<|START_THINKING|>`) and OpenThinker (`<|begin_of_thought|>`).
 */
const MARKS = new RegExp(
  [
    `(?<close>(?:<|&lt;)/(?:${THOUGHT})\\s{0,9}(?:>|&gt;)|\\[/think(?:ing)?\\]|◁/think▷|<\\|(?:end_thinking|end_of_thought|/think)\\|>|<channel\\|>)`,
    `(?<open>(?:<|&lt;)(?:${THOUGHT})(?:\\s[^<>\\n]{0,99})?(?:>|&gt;)|\\[think(?:ing)?\\]|◁think▷|<\\|(?:start_thinking|begin_of_thought|think)\\|>|<\\|channel>thought)`,
  ].join('|'),
  'gi',
);

/** A channel of OpenAI's Harmony format, with its name; the message of the channel follows. */
const CHANNEL = /<\|channel\|>\s{0,9}(\w+)[^<]{0,99}(?:<\|constrain\|>[^<]{0,99})?<\|message\|>/g;
const CHANNEL_END = /<\|(?:end|return|call|start|channel)\|>/;

/** Remains of Harmony where a server has dropped the special tokens: `analysis…assistantfinal…`. */
const BARE_ANALYSIS = /^(?:analysis|commentary)(?=[\p{Lu}\s])/u;
const BARE_FINAL = /assistant\s{0,9}final/g;

/** A fence that holds reasoning, before the answer. */
const FENCED_REASONING = /^```(?:think(?:ing)?|thoughts?|reasoning)[ \t]*\n(?:(?!```)[\s\S])*(?:```|$)/i;
const WHOLE_FENCE = /^```[\w-]*[ \t]*\n((?:(?!```)[\s\S])*)```$/;

/** Tags that wrap the answer proper. */
const WRAPPED =
  /<(answer|final_answer|final|output|response|solution|result)>|<\|(?:START_RESPONSE|begin_of_solution)\|>|\[BEGIN FINAL RESPONSE\]/gi;
const WRAPPED_END =
  /<\/(?:answer|final_answer|final|output|response|solution|result)>|<\|(?:END_RESPONSE|end_of_solution)\|>|\[END FINAL RESPONSE\]/i;

/** A turn's end: what a model without a stop word writes after it belongs to nobody. */
const TURN_END =
  /<\|(?:im_end|eot_id|end_of_text|endoftext|end_of_turn|return|im_start|start_header_id)\|>|<end_of_turn>|<\/s>|<｜end▁of▁sentence｜>/;

/** Headings in words: `Thinking process:` first, `Final answer:` later. */
const SPOKEN_REASONING =
  /^[\s*_#>]{0,9}(?:thinking|thoughts?|reasoning|analysis|chain of thought)(?: process| steps?)?[\s*_]{0,9}:/i;
const SPOKEN_ANSWER =
  /^[\s*_#>]{0,9}(?:my |the )?(?:final )?(?:answer|response|output|result)[\s*_]{0,9}:[*_]{0,2}/gim;

/**
 * Takes reasoning, the frames of chat templates and what runs on after the turn off an answer.
 *
 * Reasoning that nothing closes was cut by the length limit: all of it goes. A closing mark alone means that the
 * template wrote the opening one: everything before it goes.
 *
 * @example
 * ```ts
 * answerText('<think>perhaps 5?</think>\n4').text; // '4'
 * ```
 */
export function answerText(raw: string): AnswerText {
  const harmony = lastChannel(raw);
  const { text: said, hadReasoning } = harmony ?? withoutMarks(raw);
  const end = said.search(TURN_END);
  const turn = (end >= 0 && said.slice(0, end).trim() !== '' ? said.slice(0, end) : said).trim();
  const unfenced = turn.replace(FENCED_REASONING, '').trim();
  const spoken = afterHeading(unwrapped(unfenced));
  const text = spoken.text.trim();
  return {
    text: WHOLE_FENCE.exec(text)?.[1]?.trim() ?? text,
    hadReasoning: hadReasoning || unfenced !== turn || spoken.hadReasoning,
  };
}

/** The final channel of a Harmony answer; undefined where it has no channels. */
function lastChannel(raw: string): AnswerText | undefined {
  let text = '';
  let hadReasoning = false;
  let found = false;
  for (const match of raw.matchAll(CHANNEL)) {
    found = true;
    const body = raw.slice(match.index + match[0].length);
    const end = body.search(CHANNEL_END);
    if (match[1]?.toLowerCase() === 'final') text = end < 0 ? body : body.slice(0, end);
    else hadReasoning = true;
  }
  if (found) return { text, hadReasoning };
  if (!BARE_ANALYSIS.test(raw.trimStart())) return undefined;
  const last = [...raw.matchAll(BARE_FINAL)].at(-1);
  if (last !== undefined) return { text: raw.slice(last.index + last[0].length), hadReasoning: true };
  return /^\s*analysis\p{Lu}/u.test(raw) ? { text: '', hadReasoning: true } : undefined;
}

function withoutMarks(raw: string): AnswerText {
  let text = '';
  let from = 0;
  let isReasoning = false;
  let hadReasoning = false;
  for (const match of raw.matchAll(MARKS)) {
    hadReasoning = true;
    if (match.groups?.open !== undefined) {
      if (!isReasoning) text += raw.slice(from, match.index);
      isReasoning = true;
    } else {
      // Whatever was kept before a closing mark that nothing opened is reasoning too.
      if (!isReasoning) text = '';
      isReasoning = false;
    }
    from = match.index + match[0].length;
  }
  return { text: isReasoning ? text : text + raw.slice(from), hadReasoning };
}

/** The inside of the last wrapping tag, where there is one. */
function unwrapped(text: string): string {
  const last = [...text.matchAll(WRAPPED)].at(-1);
  if (last === undefined) return text;
  // A tag within JSON is content.
  if (/[{["]/.test(text.trimStart()[0] ?? '')) return text;
  const inside = text.slice(last.index + last[0].length);
  const end = inside.search(WRAPPED_END);
  return end < 0 ? inside : inside.slice(0, end);
}

/**
 * Returns what follows the last heading that announces the answer, where the text begins with reasoning under a
 * heading.
 */
function afterHeading(text: string): AnswerText {
  if (!SPOKEN_REASONING.test(text)) return { text, hadReasoning: false };
  const last = [...text.matchAll(SPOKEN_ANSWER)].at(-1);
  return last === undefined
    ? { text, hadReasoning: false }
    : { text: text.slice(last.index + last[0].length), hadReasoning: true };
}
