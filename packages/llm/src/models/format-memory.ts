import { STRUCTURED_OUTPUTS, type StructuredOutput } from './chat-format.js';
import { ModelCallError } from './model-error.js';
import { refusedParameter } from './refusals.js';

/** Statuses by which servers refuse a response format; 404 and 500 are how some fail at one. */
const REFUSALS = [400, 404, 415, 422, 500, 501];
/** Those that may mean something else, and are believed the second time. */
const AMBIGUOUS = [404, 500];

/** Which response format a server took for a schema. */
export class FormatMemory {
  readonly #fixed: StructuredOutput | undefined;
  readonly #accepted = new Map<string, StructuredOutput>();
  readonly #doubts = new Map<string, number>();

  constructor(structuredOutput: StructuredOutput | 'auto') {
    this.#fixed = structuredOutput === 'auto' ? undefined : structuredOutput;
  }

  /** Formats to be tried for a schema, one after the other. */
  modesFor(schema: string): readonly StructuredOutput[] {
    const known = this.#fixed ?? this.#accepted.get(schema);
    return known ? [known] : STRUCTURED_OUTPUTS;
  }

  /** Tells whether a failure may be about the format, so that the next one is worth a try. */
  isRefusal(error: unknown, mode: StructuredOutput, schema: string): boolean {
    if (!(error instanceof ModelCallError)) return false;
    const { status = 0 } = error;
    if (!REFUSALS.includes(status) || refusedParameter(error) !== undefined) return false;
    const name = `${mode} ${schema}`;
    const doubts = AMBIGUOUS.includes(status) ? (this.#doubts.get(name) ?? 0) + 1 : 2;
    this.#doubts.set(name, doubts);
    return true;
  }

  /** Notes the format that was answered, if all before it were refused beyond doubt. */
  note(schema: string, mode: StructuredOutput): void {
    const before = STRUCTURED_OUTPUTS.slice(0, STRUCTURED_OUTPUTS.indexOf(mode));
    if (before.every((one) => (this.#doubts.get(`${one} ${schema}`) ?? 0) >= 2))
      this.#accepted.set(schema, mode);
    // A form that is answered is accepted: an earlier failure was a passing one.
    this.#doubts.delete(`${mode} ${schema}`);
  }
}
