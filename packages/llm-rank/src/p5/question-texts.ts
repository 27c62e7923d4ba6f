import { CutCounter } from './cut-counter.js';
import { type FilledText, fillTemplate } from './data/fill-template.js';
import type { IdTokens } from './ids/id-tokens.js';
import type { P5Settings } from './p5-options.js';
import type { Slots } from './tasks/slots.js';
import type { P5Template } from './templates/template.js';
import { RowTexts } from './text-row.js';

/** Turns the texts of a P5 into tokens as its settings say, the same way in training and for questions. */
export class QuestionTexts extends RowTexts {
  /** Counts of what was left out of questions. */
  readonly left = new CutCounter();
  readonly #room: number;

  constructor(tokens: IdTokens, { inputTokens, outputTokens }: P5Settings) {
    super(tokens, { inputTokens, outputTokens });
    // The end takes one.
    this.#room = inputTokens - 1;
  }

  /** Fills a template so that an input holds it, and counts what was left out. */
  fill(template: P5Template, slots: Slots): FilledText {
    const filled = fillTemplate(template, slots, this.#room, (word) => this.wordPieces(word).length);
    this.left.add(filled.cut);
    return filled;
  }
}
