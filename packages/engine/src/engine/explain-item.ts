import {
  type GenerateRequest,
  type OutcomeCounter,
  orCancelled,
  PalateError,
  quoteForPrompt,
} from '@palate/core';
import { singleCalls } from '@palate/llm';
import type { Explanation } from './answer.js';
import type { FeedbackState } from './feedback-state.js';
import type { LiveModel, PipelineConfig } from './options.js';
import { CallOutcomes } from './outcomes.js';
import { type Reason, reasonSource, reasonsFor } from './reasons.js';
import type { ExplainRequest } from './request.js';
import { resolveAsker } from './resolve-request.js';
import type { ResolvedAsker } from './resolved-asker.js';
import type { Snapshot } from './snapshot.js';

/** Items of the history that the model reads. */
const RECENT = 20;

/** How an explanation is made. */
export interface ExplainOptions {
  readonly live: LiveModel | undefined;
  readonly pipeline: PipelineConfig;
  readonly signal?: AbortSignal | undefined;
  /** Told each piece of the text as it comes. */
  readonly onText?: ((piece: string) => void) | undefined;
}

/**
 * Explains one item to a user: by the live model, or from stored data. Where the model fails the stored reason stands
 * in, and that is counted.
 *
 * @throws InvalidInputError for items that nobody knows
 */
export async function explainItem(
  request: ExplainRequest,
  snapshot: Snapshot,
  feedback: FeedbackState,
  { live, pipeline, signal, onText }: ExplainOptions,
): Promise<Explanation> {
  const { catalogue } = snapshot;
  const where = 'the explain request';
  const item = catalogue.indexOf(request.item, `item of ${where}`);
  const asker = resolveAsker(request, snapshot, feedback, where);
  const counter = CallOutcomes.counter();
  const about = { item: request.item, title: catalogue.title(item) };
  let begun = '';
  if (live)
    try {
      const { text } = await singleCalls(live.model).generate(promptFor(item, asker, snapshot), {
        signal,
        onText: (piece) => {
          begun += piece;
          onText?.(piece);
        },
      });
      if (text.trim() !== '')
        return {
          ...about,
          text: text.trim(),
          source: 'language model',
          sources: `${live.model.id}, live, from history, wish and texts`,
          outcomes: [counter.counts()],
        };
      counter.fallBack('empty answer');
    } catch (error) {
      if (!PalateError.is(error) || signal?.aborted) throw error;
      counter.fallBack('no answer of the language model', error.message);
    }
  const stored = reasonsFor(asker, snapshot)(item, []);
  const path =
    stored.source !== 'knowledge' && (await hasVectors(pipeline, snapshot))
      ? await pathReason(item, asker, stored, snapshot, counter, signal)
      : undefined;
  const { text, source } = path ?? stored;
  onText?.(begun === '' ? text : `\n${text}`);
  return {
    ...about,
    text,
    source,
    sources: path
      ? 'built from the graph of people, items and texts that are alike; no language model was asked'
      : reasonSource(catalogue),
    outcomes: [counter.counts()],
  };
}

/** Whether the vectors of the texts are there, so that a reason does not wait until all texts are encoded. */
async function hasVectors({ retrievers }: PipelineConfig, { generation }: Snapshot): Promise<boolean> {
  const meaning = retrievers.find(({ method }) => method === 'text-knn');
  return meaning !== undefined && generation.isAtHand(meaning.method, meaning.settings ?? {});
}

/**
 * The best way from the history to an item, in words: what both share stands behind it. Tags in common say more than people
 * do.
 */
async function pathReason(
  item: number,
  asker: ResolvedAsker,
  stored: Reason,
  { catalogue, paths }: Snapshot,
  counter: OutcomeCounter,
  signal: AbortSignal | undefined,
): Promise<Reason | undefined> {
  try {
    const path = await orCancelled(paths.best(item, asker), signal, 'explaining');
    if (!path || (path.by === 'people' && stored.source === 'history')) return undefined;
    const { pathInWords } = await import('@palate/graph-augment');
    const words = pathInWords(path, item, {
      title: (each) => catalogue.title(each),
      common: (from, to) => {
        const theirs = new Set(catalogue.tags(from).map((tag) => tag.toLowerCase()));
        return catalogue
          .tags(to)
          .filter((tag) => theirs.has(tag.toLowerCase()))
          .slice(0, 2)
          .join(' and ');
      },
    });
    return {
      text: `${words.charAt(0).toUpperCase()}${words.slice(1)}.`,
      source: path.by === 'people' ? 'neighbours' : 'history',
    };
  } catch (error) {
    if (!PalateError.is(error) || signal?.aborted) throw error;
    counter.note('no path through the graph could be searched', error.message);
    return undefined;
  }
}

function promptFor(item: number, asker: ResolvedAsker, { catalogue }: Snapshot): GenerateRequest {
  const quoted = (each: number): string => quoteForPrompt(catalogue.title(each));
  const history = Array.from(asker.history.slice(-RECENT), (each) => `- ${quoted(each)}`);
  const parts = [
    ...(asker.keywords.length > 0
      ? [`What this person likes or asks for: ${quoteForPrompt(asker.keywords.join(', '))}`]
      : []),
    ...(history.length > 0 ? [`History, oldest first:\n${history.join('\n')}`] : []),
    `Item: ${quoted(item)}\n${quoteForPrompt(catalogue.texts[item] ?? '')}`,
    'In one or two sentences, tell this person why the item suits them, or that nothing here says so. Say nothing that is not written above.',
  ];
  return {
    messages: [
      { role: 'system', content: 'You give honest, short reasons for recommendations.' },
      { role: 'user', content: parts.join('\n\n') },
    ],
    temperature: 0,
    maxTokens: 160,
    promptVersion: 'explain-item@1',
  };
}
