import { type LongCallOptions, type Query, UnsupportedError } from '@palate/core';
import type { TokenTrie } from '@palate/nn';
import { canFill, type FilledText } from './data/fill-template.js';
import type { P5Parts } from './p5-parts.js';
import { QuestionTexts } from './question-texts.js';
import { historyWords } from './tasks/sequential-tasks.js';
import type { Slots, WordList } from './tasks/slots.js';
import { P5_TASKS } from './tasks/tasks.js';
import { type P5Template, slotsOf } from './templates/template.js';
import { templateOf } from './templates/templates.js';
import type { TextSource } from './text-row.js';

/** Questions to a fitted P5, filled and cut into tokens. */
export class P5Questions {
  readonly parts: P5Parts;
  readonly texts: QuestionTexts;

  constructor(parts: P5Parts) {
    this.parts = parts;
    this.texts = new QuestionTexts(parts.tokens, parts.settings);
  }

  /**
   * A template that the model can be asked by.
   *
   * @param tasks - of which it has to be
   * @throws InvalidInputError if there is none of the number
   * @throws UnsupportedError if it is of another task, or of one that was not trained
   */
  template(id: string, tasks: readonly string[]): P5Template {
    const found = templateOf(id, this.parts.templates);
    this.#check(found, tasks);
    return found;
  }

  #check({ id, task }: P5Template, tasks: readonly string[]): void {
    if (tasks.includes(task) && this.parts.tasks.includes(task)) return;
    throw new UnsupportedError({
      expected: `a template of ${tasks.join(' or ')}, and a model that was trained on its family`,
      received: `${id}, which asks for ${task}${this.parts.tasks.includes(task) ? '' : ', of a family that was not trained'}`,
      hint: `Fit with the family ${P5_TASKS[task]?.family ?? task}, or ask by another template.`,
    });
  }

  /**
   * Any template of a task that was trained.
   *
   * @throws InvalidInputError if there is none of the number
   * @throws UnsupportedError if its task was not trained
   */
  any(id: string): P5Template {
    const found = templateOf(id, this.parts.templates);
    this.#check(found, [found.task]);
    return found;
  }

  /** Of the templates that a task was trained on, the one that reads most of the slots that are filled. */
  fullest(task: string, slots: Slots): P5Template | undefined {
    return this.#trainedOn(task)
      .filter((each) => canFill(each, slots, false))
      .sort((a, b) => slotsOf(b.source).length - slotsOf(a.source).length)[0];
  }

  /** The first template of a task that was trained on and fits; undefined where there is none, or the task was not trained. */
  trained(task: string, fits: (template: P5Template) => boolean): P5Template | undefined {
    return this.#trainedOn(task).find(fits);
  }

  /** The templates that a task was trained on, but for those that transfer; none if it was not trained. */
  #trainedOn(task: string): readonly P5Template[] {
    if (!this.parts.tasks.includes(task)) return [];
    return this.parts.templates.filter((each) => each.task === task && !each.isHeldOut && !each.isTransfer);
  }

  /** How the user of a query is called in texts; undefined where there is none, or one that is not known. */
  userOf({ user }: Query): string | undefined {
    const { users, userNames } = this.parts;
    const at = user === undefined ? undefined : users.find(user);
    return at === undefined ? undefined : userNames.names[at];
  }

  /** The newest items of a history, as many as are read, as words of a slot. */
  newest(history: ArrayLike<number>): WordList {
    const { settings, itemNames } = this.parts;
    return historyWords(Array.from(history).slice(-settings.historyLength), itemNames.names);
  }

  /** A question in tokens, with what was left out of it. */
  source(template: P5Template, slots: Slots): TextSource & Pick<FilledText, 'cut'> {
    const { text, cut } = this.texts.fill(template, slots);
    return { ...this.texts.source(text), cut };
  }

  /** Tokens of an answer without the end. */
  answer(text: string): number[] {
    return Array.from(this.texts.target(text)).slice(0, -1);
  }

  /**
   * Greedy answers in words.
   *
   * @param among - answers that may be given; any if left out
   */
  async write(
    sources: readonly TextSource[],
    options: LongCallOptions & { readonly maxTokens?: number | undefined } = {},
    among?: TokenTrie,
  ): Promise<string[]> {
    const { model, settings, tokens } = this.parts;
    const written = await model.generate(sources, {
      maxTokens: options.maxTokens ?? settings.outputTokens,
      among,
      signal: options.signal,
      onProgress: options.onProgress,
    });
    return written.map(([best]) => tokens.decode(best?.tokens ?? []));
  }
}

/** Whether a template speaks of the user. */
export const readsUser = (template: P5Template): boolean => slotsOf(template.source).includes('user');
