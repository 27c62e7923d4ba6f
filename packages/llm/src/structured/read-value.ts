import { z } from 'zod';
import { jsonCandidates } from './find-json.js';
import { fitSchema } from './fit-schema.js';

/** A value of a schema read out of an answer, or what is wrong with the answer. */
export type ReadValue<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a value of a Zod schema out of a model's answer: the first JSON value in it that satisfies the schema as it
 * is, else the first that does once it is brought into the schema's form.
 *
 * @param jsonSchema - the JSON schema of `schema`
 * @param isCut - true where the length limit ended the answer: then only a value that opens it counts
 */
export async function readValue<S extends z.ZodType>(
  schema: S,
  jsonSchema: Readonly<Record<string, unknown>>,
  text: string,
  isCut = false,
): Promise<ReadValue<z.output<S>>> {
  const found = jsonCandidates(text);
  if (!found.ok) return { ok: false, problem: found.reason };
  const candidates = found.candidates.filter(({ isFirst }) => isFirst || !isCut);
  let problem = 'it holds JSON only in the middle of what was cut off';
  for (const bring of [(value: unknown) => value, (value: unknown) => fitSchema(value, jsonSchema)])
    for (const [at, { value }] of candidates.entries()) {
      const parsed = await validate(schema, bring(value));
      if (parsed.ok) return parsed;
      if (at === 0) problem = parsed.problem;
    }
  return { ok: false, problem };
}

/** Validates a value; a check of the schema that throws is a problem like another. */
export async function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
): Promise<ReadValue<z.output<S>>> {
  try {
    const parsed = await schema.safeParseAsync(value);
    return parsed.success
      ? { ok: true, value: parsed.data }
      : { ok: false, problem: z.prettifyError(parsed.error).slice(0, 1000) };
  } catch (error) {
    // A transform or refinement of the caller's that throws on an odd answer is a failed check, not a crash.
    return { ok: false, problem: `a check failed: ${String(error).slice(0, 300)}` };
  }
}
