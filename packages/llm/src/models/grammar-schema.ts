type JsonSchema = Readonly<Record<string, unknown>>;

/** A JSON schema as llama.cpp's grammars can say it. */
export interface GrammarSchema {
  /** The schema that the grammar is made of; nothing where the grammar would allow the wrong things. */
  readonly schema: JsonSchema | undefined;
  /** Keywords that it leaves out, sorted: the prompt states them in words, and an answer may violate them. */
  readonly unsaid: readonly string[];
}

/** Keywords that the library's grammars hold answers to (node-llama-cpp 3.21, measured). */
const HELD = ['type', 'enum', 'const', 'minLength', 'maxLength', 'minItems', 'maxItems'] as const;
/** Keywords that say nothing about which values hold. */
const SILENT = ['$schema', '$id', 'title', 'description', 'default', 'examples', 'required', '$comment'];
/** Keywords whose loss would leave a grammar of something else: the library turns most of them into `null`. */
const IMPOSSIBLE = [
  'allOf',
  'not',
  'if',
  'then',
  'else',
  '$ref',
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'contains',
];
/** Whole numbers of a range up to so many are listed one by one, since grammars know no bounds. */
const MOST_LISTED = 256;
/** Formats that the library's grammars know. */
const FORMATS = ['date-time', 'time', 'date'];

/**
 * Translates a JSON schema for the library's grammars, which silently make `null` of `anyOf`, `allOf` and `not` and
 * ignore bounds and patterns. `anyOf` becomes `oneOf`, which the grammar takes as a choice; whole numbers between close
 * bounds become a list of them; what narrows a value otherwise is left out and named. All properties are asked for, since
 * grammars cannot leave one out.
 */
export function grammarSchema(jsonSchema: JsonSchema): GrammarSchema {
  const unsaid = new Set<string>();
  try {
    const schema = translated(jsonSchema, unsaid);
    return { schema, unsaid: [...unsaid].sort() };
  } catch (error) {
    if (!(error instanceof Unsayable)) throw error;
    return { schema: undefined, unsaid: [error.keyword] };
  }
}

class Unsayable extends Error {
  readonly keyword: string;

  constructor(keyword: string) {
    super(keyword);
    this.keyword = keyword;
  }
}

function translated(node: unknown, unsaid: Set<string>): JsonSchema {
  // `true` and `{}` hold anything, which no grammar of this library says.
  if (typeof node !== 'object' || node === null || Array.isArray(node)) throw new Unsayable(String(node));
  const given = node as JsonSchema;
  const impossible = IMPOSSIBLE.find((keyword) => Object.hasOwn(given, keyword));
  if (impossible !== undefined) throw new Unsayable(impossible);
  const choices = given.anyOf ?? given.oneOf;
  if (Array.isArray(choices)) {
    leaveOut(given, ['anyOf', 'oneOf'], unsaid);
    return { oneOf: choices.map((choice) => translated(choice, unsaid)) };
  }
  const listed = wholeNumbers(given);
  if (listed) {
    leaveOut(given, ['type', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'], unsaid);
    return { enum: listed };
  }
  const result: Record<string, unknown> = {};
  for (const keyword of HELD) if (Object.hasOwn(given, keyword)) result[keyword] = given[keyword];
  if (result.type === undefined && result.enum === undefined && result.const === undefined)
    throw new Unsayable('type');
  if (given.type === 'object') {
    const properties = Object.entries((given.properties as JsonSchema | undefined) ?? {});
    result.properties = Object.fromEntries(
      properties.map(([name, value]) => [name, translated(value, unsaid)]),
    );
    const further = given.additionalProperties ?? true;
    // A map of names to values has nothing else to say; beside declared properties further ones may as well be left out.
    result.additionalProperties =
      properties.length > 0 || typeof further === 'boolean' ? false : translated(further, unsaid);
    if (properties.length === 0 && further === true) throw new Unsayable('additionalProperties');
  }
  if (given.type === 'array') {
    if (Array.isArray(given.prefixItems)) {
      result.prefixItems = given.prefixItems.map((item) => translated(item, unsaid));
      if (given.items === undefined) result.maxItems ??= given.prefixItems.length;
    }
    if (given.items !== undefined && given.items !== false) result.items = translated(given.items, unsaid);
    else if (!Array.isArray(given.prefixItems)) throw new Unsayable('items');
  }
  if (typeof given.format === 'string') {
    if (FORMATS.includes(given.format)) result.format = given.format;
    else unsaid.add('format');
  }
  leaveOut(given, [...HELD, 'properties', 'additionalProperties', 'items', 'prefixItems', 'format'], unsaid);
  return result;
}

/** Notes the keywords that a translation does not hold. */
function leaveOut(given: JsonSchema, held: readonly string[], unsaid: Set<string>): void {
  for (const [keyword, value] of Object.entries(given)) {
    if (held.includes(keyword) || SILENT.includes(keyword)) continue;
    // Bounds that every whole number of JSON keeps say nothing.
    if (typeof value === 'number' && Math.abs(value) >= Number.MAX_SAFE_INTEGER) continue;
    unsaid.add(keyword);
  }
}

/** The whole numbers between the bounds of a schema, where they are few. */
function wholeNumbers({
  type,
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
}: JsonSchema): number[] | undefined {
  if (type !== 'integer') return undefined;
  const from = Math.ceil(Math.max(numberOr(minimum, -Infinity), above(exclusiveMinimum)));
  const to = Math.floor(Math.min(numberOr(maximum, Infinity), -above(negated(exclusiveMaximum))));
  const count = to - from + 1;
  return count >= 1 && count <= MOST_LISTED ? Array.from({ length: count }, (_, k) => from + k) : undefined;
}

const numberOr = (value: unknown, other: number): number => (typeof value === 'number' ? value : other);
const negated = (value: unknown): unknown => (typeof value === 'number' ? -value : value);
/** The least whole number above a bound. */
const above = (bound: unknown): number => (typeof bound === 'number' ? Math.floor(bound) + 1 : -Infinity);
