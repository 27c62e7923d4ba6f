import type * as Transformers from '@huggingface/transformers';

/** Conditions that are watched for while a model writes. */
interface Watched {
  readonly promptTokens: number;
  readonly stop: readonly string[];
  readonly signal: AbortSignal | undefined;
  readonly onText: ((piece: string) => void) | undefined;
}

/** Text that was written in the end. */
interface Written {
  readonly text: string;
  readonly tokens: number;
  /** True if a stop word ended it. */
  readonly isStopped: boolean;
}

/**
 * Looks at what a model has written after each token: ends it at a stop word or a cancellation, and passes
 * text on as soon as no later token can change it.
 */
export function generationSteps(
  library: typeof Transformers,
  tokenizer: Transformers.PreTrainedTokenizer,
  { promptTokens, stop, signal, onText }: Watched,
): { readonly criteria: Transformers.StoppingCriteria; readonly finish: () => Written } {
  let written: number[] = [];
  let text = '';
  let told = 0;
  let isStopped = false;

  const tell = (end: number): void => {
    if (end > told) onText?.(text.slice(told, end));
    told = Math.max(told, end);
  };

  class Steps extends library.StoppingCriteria {
    override _call(sequences: number[][]): boolean[] {
      written = Array.from((sequences[0] ?? []).slice(promptTokens), Number);
      text = tokenizer.decode(written, { skip_special_tokens: true });
      const cut = firstStop(text, stop);
      if (cut >= 0) {
        text = text.slice(0, cut);
        isStopped = true;
      } else tell(settledLength(text, stop));
      return sequences.map(() => isStopped || signal?.aborted === true);
    }
  }

  return {
    criteria: new Steps(),
    finish: () => {
      tell(text.length);
      return { text, tokens: written.length, isStopped };
    },
  };
}

function firstStop(text: string, stop: readonly string[]): number {
  const ends = stop.map((word) => (word === '' ? -1 : text.indexOf(word))).filter((at) => at >= 0);
  return ends.length === 0 ? -1 : Math.min(...ends);
}

/** Length of the text that is sure to stay: before a half-written character or the beginning of a stop word. */
function settledLength(text: string, stop: readonly string[]): number {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\uFFFD') end--;
  for (const word of stop)
    for (let length = Math.min(word.length - 1, end); length > 0; length--)
      if (text.slice(0, end).endsWith(word.slice(0, length))) {
        end -= length;
        break;
      }
  return end;
}
