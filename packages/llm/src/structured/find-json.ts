import JSON5 from 'json5';
import { answerText } from './answer-text.js';

/** A JSON value among the words of an answer. */
export interface JsonCandidate {
  readonly value: unknown;
  /** True where it opens the answer: nothing but a code fence stands before it. */
  readonly isFirst: boolean;
}

/** JSON values of an answer, the likeliest first, or the reason why there are none. */
export type FoundJson =
  | { readonly ok: true; readonly candidates: readonly JsonCandidate[] }
  | { readonly ok: false; readonly reason: string };

/**
 * Finds the JSON values of a model's answer: the whole text, insides of code fences, and outermost objects and arrays
 * among other words. Reasoning is taken off first, so that no draft in it is found.
 *
 * Order: the last of several first, since models correct themselves; numbers in square brackets among the words of a
 * sentence last, and citations such as `[1]` not at all. Trailing commas, comments, single quotes, bare keys and Python's literals are understood.
 */
export function jsonCandidates(answer: string): FoundJson {
  const trimmed = answer.trim();
  if (trimmed === '') return { ok: false, reason: 'the answer is empty' };
  const whole = parse(trimmed);
  if (whole.ok) return { ok: true, candidates: [{ value: unquoted(whole.value), isFirst: true }] };
  const { text, hadReasoning } = answerText(trimmed);
  if (text === '')
    return { ok: false, reason: hadReasoning ? 'the answer is reasoning alone' : 'the answer is empty' };
  const said = parse(text);
  if (said.ok) return { ok: true, candidates: [{ value: unquoted(said.value), isFirst: true }] };
  const own = beforeNextTurn(text);
  const order = ORDER.exec(own)?.[0];
  if (order !== undefined)
    return { ok: true, candidates: [{ value: (order.match(/\d+/g) ?? []).map(Number), isFirst: true }] };
  const opening = /^\s*(?:```[\w-]*)?\s*/.exec(own)?.[0].length ?? 0;
  const spans = [...fences(own).reverse(), ...inOrder(own, outermost(own))];
  const candidates: JsonCandidate[] = [];
  for (const { start, end } of spans) {
    const piece = own.slice(start, end);
    const exact = parse(piece);
    const read = exact.ok ? exact : /^\s*[{[]/.test(piece) ? parseLoosely(piece) : exact;
    if (read.ok) candidates.push({ value: read.value, isFirst: start <= opening });
  }
  return candidates.length > 0 ? { ok: true, candidates } : whole;
}

/**
 * Finds the JSON value that a model's answer means.
 *
 * @returns the parsed value, or the reason why there is none
 */
export function findJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } {
  const found = jsonCandidates(text);
  return found.ok ? { ok: true, value: (found.candidates[0] as JsonCandidate).value } : found;
}

/** An order of numbers in brackets, as rankers are often asked for: `[3] > [1] > [2]`. */
const ORDER = /\[\d{1,4}\](?:\s{0,3}(?:>{1,2}|→)\s{0,3}\[\d{1,4}\])+/;

/** The object or list in a text that is JSON itself: a value that was written twice. */
function unquoted(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*[{[]/.test(value)) return value;
  const inside = parse(value);
  return inside.ok ? inside.value : value;
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

function parse(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: `it is not JSON: ${(error as Error).message}` };
  }
}

/** Strings, which are stepped over, and literals of Python. */
const PYTHON = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\b(?:True|False|None)\b/gs;
const JSON_LITERAL: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' };

function parseLoosely(text: string): Parsed {
  const variants = [
    text,
    text.replace(PYTHON, (found) => JSON_LITERAL[found] ?? found),
    text.replace(/[“”„]/g, '"'),
    // A list that ends in an ellipsis: [3, 1, ...]
    text.replace(/,\s{0,9}(?:\.\.\.|…)\s{0,9}(?=[\]}])/g, ''),
  ];
  for (const variant of new Set(variants))
    try {
      return { ok: true, value: JSON5.parse(variant) };
    } catch {
      // The next variant may do.
    }
  return { ok: false, reason: 'it is not JSON' };
}

/** The text before a model without a stop word goes on with a turn of somebody else: `\nUser: …`. */
export function beforeNextTurn(text: string): string {
  const next = text.search(/\n[ \t]{0,9}(?:#{1,4} ?)?(?:user|human|question|instruction)\s?:/i);
  return next > 0 ? text.slice(0, next) : text;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Insides of code fences. */
function fences(text: string): Span[] {
  return Array.from(text.matchAll(/```[\w-]*[ \t]*\r?\n?((?:(?!```)[\s\S])*)```/g), (match) => {
    const end = match.index + match[0].length - 3;
    return { start: end - (match[1] as string).length, end };
  });
}

/** Position after the string literal that begins at `start`. */
function afterString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** How often the search begins again after a bracket that nothing closes, so that time stays linear. */
const RESTARTS = 20;

/** Balanced objects and arrays that are not part of another, in order. */
function outermost(text: string): Span[] {
  const spans: Span[] = [];
  let from = 0;
  for (let restart = 0; restart <= RESTARTS && from < text.length; restart++) {
    const open: { readonly at: number; readonly close: string }[] = [];
    let unclosedFrom = text.length;
    for (let at = from; at < text.length; at++) {
      const char = text[at];
      if (char === '"' && open.length > 0) at = afterString(text, at) - 1;
      else if (char === '{' || char === '[') open.push({ at, close: char === '{' ? '}' : ']' });
      else if ((char === '}' || char === ']') && open.at(-1)?.close === char) {
        const start = (open.pop() as { readonly at: number }).at;
        if (open.length === 0) spans.push({ start, end: at + 1 });
      }
    }
    // A bracket that nothing closes belongs to the words: what follows it is looked at afresh.
    if (open[0] !== undefined) unclosedFrom = open[0].at + 1;
    from = unclosedFrom;
  }
  return spans;
}

/** Pieces from the last to the first, and after them those that may be citations; short citations are none. */
function inOrder(text: string, spans: readonly Span[]): Span[] {
  const cited = new Set(spans.filter((span) => isCited(text, span)));
  const numbers = ({ start, end }: Span): number => text.slice(start, end).split(',').length;
  return [
    ...spans.filter((span) => !cited.has(span)).reverse(),
    ...[...cited].filter((span) => numbers(span) > 2).reverse(),
  ];
}

/** Whether a piece is whole numbers in square brackets among the words of a sentence. */
function isCited(text: string, { start, end }: Span): boolean {
  if (end - start > 60 || !/^\[\s*\d+(?:\s*[,–-]\s*\d+)*\s*\]$/.test(text.slice(start, end))) return false;
  const before = text.slice(Math.max(0, start - 80), start);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  // The argument of a call: rank([3, 1]).
  if (/\w\($/.test(line)) return false;
  if (/[:=→]\s*$|\b(?:is|are|be|ranking|answer|order|list)\s*$/i.test(line)) return false;
  return /[\p{L}\]]/u.test(line) || /^[ \t]*[\p{L}\p{N}"“[]/u.test(text.slice(end, end + 9));
}
