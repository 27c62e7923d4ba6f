import { type GenerateRequest, type GenerateResult, PalateError } from '@palate/core';
import {
  brokenOff,
  type ChatSettings,
  chatParameters,
  chatResult,
  parseChat,
  readFinish,
  readLogProbabilities,
  type TokenLogProbability,
  textOf,
  type WireChat,
  type Wording,
} from './chat-format.js';
import { readErrorBody } from './error-body.js';
import { streamMarks } from './guarded-fetch.js';
import { ModelCallError } from './model-error.js';
import type { OpenAIConnection } from './openai-connection.js';
import { errorWithin } from './openai-errors.js';
import { PieceRedactor } from './redact.js';
import { needsWrapper } from './schema-format.js';
import type { CallOptions } from './single-calls.js';

const WHAT = 'a streamed chat completion';

/** Asks for an answer as a stream and passes its text on piece by piece. */
export async function sendStreaming(
  connection: OpenAIConnection,
  request: GenerateRequest,
  settings: ChatSettings,
  wording: Wording,
  { signal, onText }: CallOptions,
): Promise<GenerateResult> {
  // The wrapper of an answer is taken off once it is whole.
  const isWrapped =
    request.schema !== undefined && wording.mode !== 'prompt' && needsWrapper(request.schema.jsonSchema);
  let hasBegun = false;
  return connection
    .call(WHAT, signal, async (client, either, alive) => {
      const { data, response } = await client.chat.completions
        .create(
          {
            ...chatParameters(request, settings, wording),
            stream: true,
            ...(!wording.without.has('stream usage') && { stream_options: { include_usage: true } }),
          },
          { signal: either },
        )
        .withResponse();
      const contentType = response.headers.get('content-type') ?? '';
      if (!contentType.includes('text/event-stream')) {
        const body = await response.text();
        // Some servers answer whole although asked to stream; others send an error this way.
        const result = parseChat(
          contentType.includes('json') ? JSON.parse(body) : body,
          request,
          settings,
          wording,
          connection,
        );
        onText?.(result.text);
        return result;
      }
      const pieces = new PieceRedactor(connection.redact);
      let text = '';
      const tell = (piece: string): void => {
        if (piece === '') return;
        text += piece;
        if (!isWrapped) onText?.(piece);
      };
      let refusal = '';
      let hasChoice = false;
      let finish: GenerateResult['finishReason'] | undefined;
      let usage: WireChat['usage'];
      let model: unknown;
      const logProbabilities: TokenLogProbability[] = [];
      for await (const chunk of data as AsyncIterable<WireChat | null>) {
        alive();
        hasBegun = true;
        if (!chunk?.choices && !chunk?.usage) {
          const error = chunk ? readErrorBody(chunk) : undefined;
          if (error) throw errorWithin(error, { what: WHAT, ...connection, isStream: true });
        }
        model ??= chunk?.model;
        usage = chunk?.usage ?? usage;
        const choice = chunk?.choices?.[0];
        if (!choice) continue;
        hasChoice = true;
        const ended = readFinish(choice.finish_reason);
        if (ended === 'failed') throw brokenOff(choice, connection);
        finish = ended ?? finish;
        refusal += textOf(choice.delta?.refusal);
        logProbabilities.push(...readLogProbabilities(choice.logprobs));
        tell(pieces.push(textOf(choice.delta?.content)));
      }
      const marks = streamMarks(response);
      const beside = marks.error === undefined ? undefined : readErrorBody(marks.error);
      if (beside) throw errorWithin(beside, { what: WHAT, ...connection, isStream: true });
      // The SDK ends a stream quietly when its connection is aborted or the server closes it early.
      if (either.aborted || (finish === undefined && !marks.ended)) throw streamCut(settings, text.length);
      if (!hasChoice)
        throw new ModelCallError('bad-answer', {
          expected: `${WHAT} from ${connection.where}`,
          received: 'an end mark without any choice before it',
          hint: 'Call again; if it stays, check the server.',
          isRetryable: true,
        });
      tell(pieces.end());
      const answer = { text, refusal, finish, usage, model, logProbabilities };
      const result = chatResult(request, settings, wording, answer, connection.redact);
      if (isWrapped) onText?.(result.text);
      return result;
    })
    .catch((error: unknown) => {
      // A connection lost after the first piece is a cut stream, whatever the socket called it.
      throw PalateError.is(error) && error.code === 'connection-failed' && hasBegun
        ? streamCut(settings, undefined, error.cause)
        : error;
    });
}

function streamCut(settings: ChatSettings, length?: number, cause?: unknown): ModelCallError {
  return new ModelCallError('stream-cut', {
    expected: `the stream of model ${settings.model} to reach its end mark`,
    received: length === undefined ? 'a dropped connection' : `an end after ${length} characters`,
    hint: 'Ask again: withRetry does so until text has come.',
    cause,
    isRetryable: true,
  });
}
