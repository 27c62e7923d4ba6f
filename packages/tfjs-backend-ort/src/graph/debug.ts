/**
 * Output that the environment variable `PALATE_DEBUG` makes the backend print to standard error, to see how TensorFlow.js calls
 * become ONNX Runtime sessions.
 *
 * Terms: a *graph* is what kernels have recorded for the tensors that are wanted; a *plan* is that graph numbered from its
 * inputs on, as a session will have it; a *session* is a plan that ONNX Runtime has made ready to run.
 */
import { checkChoice } from '@palate/core';
import type { Constant, GraphNode, Value } from './graph.js';
import { type Plan, planNames } from './plan.js';

/** Stages that can be printed. */
const STAGES = ['graph', 'plan', 'session'] as const;
type Stage = (typeof STAGES)[number];

/** Numbers of a constant that are printed; a longer one is abbreviated. */
const MOST_NUMBERS = 8;

/** Prints the stages that were asked for; numbers graphs and plans alike, since each graph becomes one plan. */
export class DebugPrinter {
  readonly #stages: ReadonlySet<Stage>;
  readonly #write: (text: string) => void;
  #plans = 0;
  #sessions = 0;

  constructor(stages: Iterable<Stage>, write: (text: string) => void) {
    this.#stages = new Set(stages);
    this.#write = write;
  }

  /**
   * The printer that `PALATE_DEBUG` asks for: stages separated by commas, or `all`.
   *
   * @returns undefined where the variable is empty or not set
   * @throws InvalidInputError for a stage that there is not
   */
  static ofEnvironment(
    wanted: string | undefined = process.env.PALATE_DEBUG,
    write = (text: string): void => void process.stderr.write(text),
  ): DebugPrinter | undefined {
    const names = (wanted ?? '').split(',').map((name) => name.trim());
    const stages = names
      .filter(Boolean)
      .flatMap((name) =>
        name === 'all' ? STAGES : [checkChoice('PALATE_DEBUG', name, [...STAGES, 'all']) as Stage],
      );
    return stages.length > 0 ? new DebugPrinter(stages, write) : undefined;
  }

  /** Prints what was recorded, and how it was numbered. */
  planned(plan: Plan): void {
    this.#plans++;
    if (this.#stages.has('graph')) this.#write(graphText(plan, this.#plans));
    if (this.#stages.has('plan')) this.#write(planText(plan, this.#plans));
  }

  /**
   * Prints that a session was built for the newest plan.
   *
   * @param bytes - of its ONNX model
   * @param peakBytes - of intermediate tensors alive at once
   * @returns the number of the session
   */
  built(runtime: string, bytes: number, peakBytes: number): number {
    this.#sessions++;
    this.session(
      `session ${this.#sessions}: built for plan ${this.#plans} (${runtime}, model of ${bytes} bytes, at most ${peakBytes} bytes of intermediate tensors)`,
    );
    return this.#sessions;
  }

  /** Prints that the newest plan has the structure of a session that is there. */
  reused(session: number): void {
    this.session(`session ${session}: serves plan ${this.#plans} too`);
  }

  /** Prints a line on a session. */
  session(line: string): void {
    if (this.#stages.has('session')) this.#write(`${line}\n`);
  }
}

/** The recorded graph as a program: a line a value, in the order of recording. */
function graphText({ nodes, inputs, outputs }: Plan, number: number): string {
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const name = letters(names.size);
    names.set(value, name);
    return name;
  };
  const lines = inputs.map((value) => `  ${nameOf(value)}: ${typeOf(value)} = numbers at hand`);
  for (const node of nodes) {
    const from = node.inputs.map((value) =>
      value === undefined ? '_' : value.from === 'constant' ? constantText(value) : nameOf(value),
    );
    const to = node.outputs.map((value) => `${nameOf(value)}: ${typeOf(value)}`);
    lines.push(`  ${to.join(', ')} = ${callText(node, from)}`);
  }
  const wanted = outputs.map(nameOf).join(', ');
  return `graph ${number}: ${counted(nodes.length, 'operation')}\n${lines.join('\n')}\n  wanted: ${wanted}\n`;
}

/** The plan as the session gets it: inputs, nodes and outputs by their names in the ONNX model. */
function planText(plan: Plan, number: number): string {
  const { nodes, inputs, outputs, hash } = plan;
  const names = planNames(plan);
  const nameOf = (value: Value): string =>
    value.from === 'constant' ? `c${(value.source as Constant).id}` : (names.get(value) as string);
  const lines = [
    ...inputs.map((value) => `  ${nameOf(value)}: ${typeOf(value)}`),
    ...nodes.map(
      ({ op, inputs: from, outputs: to }, index) =>
        `  node_${index}: ${op}(${from.map((value) => (value ? nameOf(value) : '_')).join(', ')}) -> ${to.map(nameOf).join(', ')}`,
    ),
    ...outputs.map((value) => `  ${nameOf(value)}: ${typeOf(value)}`),
  ];
  const counts = [
    counted(inputs.length, 'input'),
    counted(nodes.length, 'node'),
    counted(outputs.length, 'output'),
  ];
  return `plan ${number}: ${counts.join(', ')}, structure ${hash.toString(16).padStart(8, '0')}\n${lines.join('\n')}\n`;
}

const typeOf = ({ type, shape }: Value): string => `${type}[${shape.join(',')}]`;

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function callText({ op, attributes }: GraphNode, inputs: readonly string[]): string {
  const given = Object.entries(attributes).map(([name, value]) => `${name}=${String(value)}`);
  return `${op}(${[...inputs, ...given].join(', ')})`;
}

function constantText(value: Value): string {
  const { numbers } = value.source as Constant;
  const shown = numbers.slice(0, MOST_NUMBERS).join(',');
  const rest = numbers.length > MOST_NUMBERS ? ',…' : '';
  return value.shape.length === 0 ? shown : `[${shown}${rest}]`;
}

/** Names a, b, …, z, aa, ab, … */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
