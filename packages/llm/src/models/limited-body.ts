import { ModelCallError } from './model-error.js';

/** Most bytes of one event of a stream. */
const EVENT_BYTES = 4 * 2 ** 20;
/** Bytes of a line that are looked at for marks and errors. */
const HEAD_BYTES = 4096;

const END_MARK = /^data: *\[DONE\]/;
/** How llama.cpp writes an error into a stream: as a field that no event has. */
const ERROR_LINE = /^error: ?(.+)/;
/** As gateways do: a body of its own instead of the events. */
const BARE_ERROR = /^\{.*"(?:error|detail|message)"/;

/** Marks that a stream of events carried beside its events. */
export interface StreamMarks {
  /** True once the end mark has come. */
  ended: boolean;
  /** The text of an error that stood beside the events. */
  error?: string | undefined;
}

/**
 * Passes a body on as it comes, and fails as soon as it is larger than `maxBytes`, or one line of it larger than
 * an event may be: no server fills the memory.
 *
 * @param marks - given for a stream of events, whose marks are noted there
 */
export function limitedBody(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  where: string,
  marks?: StreamMarks,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  let lineBytes = 0;
  let head = '';
  const endLine = (): void => {
    if (marks && END_MARK.test(head)) marks.ended = true;
    const error = marks
      ? (ERROR_LINE.exec(head)?.[1] ?? (BARE_ERROR.test(head) ? head : undefined))
      : undefined;
    if (marks && error !== undefined) marks.error ??= error;
    lineBytes = 0;
    head = '';
  };
  const watch = (chunk: Uint8Array): void => {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let from = 0; from < buffer.length; ) {
      const at = buffer.indexOf(0x0a, from);
      const end = at < 0 ? buffer.length : at;
      if (head.length < HEAD_BYTES)
        head += buffer.toString('latin1', from, Math.min(end, from + HEAD_BYTES - head.length));
      lineBytes += end - from;
      if (lineBytes > EVENT_BYTES)
        throw tooLarge(where, `one event of a stream larger than ${EVENT_BYTES} bytes`);
      if (at >= 0) endLine();
      from = end + 1;
    }
  };
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw tooLarge(where, `more than ${maxBytes} bytes`);
        if (marks) watch(chunk);
        controller.enqueue(chunk);
      },
      flush: endLine,
    }),
  );
}

/** The error for an answer that passes a limit. */
export function tooLarge(where: string, received: string): ModelCallError {
  return new ModelCallError('bad-answer', {
    expected: `an answer of a bounded size from ${where}`,
    received,
    hint: 'Check the server, or raise maxAnswerBytes if such answers are expected.',
  });
}
