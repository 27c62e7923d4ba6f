import { isObject } from '@palate/core';
import { numberOf } from './read-number.js';

type Node = Readonly<Record<string, unknown>>;

/** How deep nested values are brought into a schema's form. */
const DEEPEST = 20;

/**
 * Brings a parsed answer nearer to the JSON schema that was asked for, where it misses only its form: one object
 * instead of an array, a bare array instead of an object with one, numbers as strings, an envelope around the value,
 * names in another case. What it cannot bring nearer stays as it is, for the validation to judge.
 */
export function fitSchema(value: unknown, schema: Readonly<Record<string, unknown>>): unknown {
  const definitions = (schema.$defs ?? schema.definitions ?? {}) as Readonly<Record<string, Node>>;
  const resolve = (node: Node): Node => {
    const name = typeof node.$ref === 'string' ? node.$ref.split('/').at(-1) : undefined;
    const options = (node.anyOf ?? node.oneOf) as readonly Node[] | undefined;
    // A value that may be null is of the other kind.
    const only = options?.filter(({ type }) => type !== 'null');
    if (name !== undefined) return name === '#' ? schema : (definitions[name] ?? node);
    return only?.length === 1 ? resolve(only[0] as Node) : node;
  };
  const fit = (given: unknown, unresolved: Node, depth: number): unknown => {
    if (depth > DEEPEST) return given;
    const node = resolve(unresolved);
    if (Array.isArray(node.enum)) return fitChoice(given, node.enum);
    switch (node.type) {
      case 'number':
      case 'integer':
        return typeof given === 'string' ? (numberOf(given) ?? given) : given;
      case 'string':
        return typeof given === 'number' ? String(given) : given;
      case 'boolean':
        return typeof given === 'string' ? (BOOLEANS[given.trim().toLowerCase()] ?? given) : given;
      case 'array': {
        const items = node.items as Node | undefined;
        const list = listOf(given, items ? resolve(items) : undefined);
        if (!items || !Array.isArray(list)) return list;
        // A word among numbers ("Seven") may be a name: only figures are brought to numbers there.
        return list.map((each) =>
          typeof each === 'string' && isNumeric(resolve(items)) && !/\p{Nd}/u.test(each)
            ? each
            : fit(each, items, depth + 1),
        );
      }
      case 'object':
        return fitObject(given, node, depth);
      default:
        return given;
    }
  };
  const fitObject = (given: unknown, node: Node, depth: number): unknown => {
    const properties = node.properties as Readonly<Record<string, Node>> | undefined;
    if (properties === undefined) return given;
    const names = Object.keys(properties);
    const required = (node.required as readonly string[] | undefined) ?? [];
    if (!isObject(given)) {
      if (Array.isArray(given) && given.length === 1 && isObject(given[0]))
        return fitObject(given[0], node, depth + 1);
      // A value alone is that of the only property that there must be.
      const [only] = required.length === 1 ? required : names.length === 1 ? names : [];
      if (only === undefined || given === null) return given;
      return { [only]: fit(given, properties[only] as Node, depth + 1) };
    }
    const named = new Map(Object.entries(given).map(([name, each]) => [nameKey(name), each]));
    if (!required.every((name) => named.has(nameKey(name)))) {
      // The value may lie in an envelope: {"answer": {…}}, {"arguments": {…}}, {"properties": {…}}.
      const inside = Object.values(given).map(parsedObject).filter(isObject);
      const fitting = inside.filter((each) => {
        const own = new Set(Object.keys(each).map(nameKey));
        return required.every((name) => own.has(nameKey(name)));
      });
      if (fitting.length === 1) return fitObject(fitting[0], node, depth + 1);
    }
    const known = new Set(names.map(nameKey));
    const result: Record<string, unknown> = Object.fromEntries(
      Object.entries(given).filter(([name]) => !known.has(nameKey(name))),
    );
    for (const name of names) {
      const each = name in given ? given[name] : named.get(nameKey(name));
      if (each === null && !required.includes(name)) continue;
      if (each !== undefined) result[name] = fit(each, properties[name] as Node, depth + 1);
    }
    return result;
  };
  return fit(value, schema, 0);
}

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, yes: true, false: false, no: false };

const nameKey = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** The object in a text of JSON, such as the arguments of a call; other values as they are. */
function parsedObject(value: unknown): unknown {
  if (typeof value !== 'string' || !/^\s*\{/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const isNumeric = (node: Node | undefined): boolean => node?.type === 'number' || node?.type === 'integer';

/** A list, where an entry alone or a text with separators stands for one. */
function listOf(given: unknown, items: Node | undefined): unknown {
  const isNumbers = isNumeric(items);
  if (Array.isArray(given))
    // Lists in a list of numbers or texts: [[3, 1, 2]], [[3], [1]].
    return (isNumbers || items?.type === 'string') && given.every(Array.isArray) ? given.flat() : given;
  if (given === null || given === undefined) return given;
  if (typeof given === 'string') {
    if (isNumbers || items?.type === 'string')
      return given
        .split(isNumbers ? /[,;>\s]+/ : /[,;\n]/)
        .map((each) => each.trim())
        .filter((each) => each !== '');
  }
  if (isObject(given)) {
    // {"items": […]} around the array; an object that is an entry itself is one.
    const required = (items?.required as readonly string[] | undefined) ?? [];
    const lists = Object.values(given).filter(Array.isArray);
    const ranks = Object.keys(given);
    // {"1": 3, "2": 1}: values by rank.
    if (isNumbers && ranks.length > 0 && ranks.every((rank, at) => Number(rank) === at + 1))
      return Object.values(given);
    if (lists.length === 1 && !(items?.type === 'object' && required.every((name) => name in given)))
      return lists[0];
  }
  return [given];
}

function fitChoice(given: unknown, choices: readonly unknown[]): unknown {
  if (choices.includes(given)) return given;
  const key = nameKey(String(given));
  return choices.find((choice) => nameKey(String(choice)) === key) ?? given;
}
