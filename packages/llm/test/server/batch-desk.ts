import type { IncomingMessage, ServerResponse } from 'node:http';
import { chatBody, errorBody } from './dialects.js';

interface Batch {
  id: string;
  input: string;
  metadata: unknown;
  polls: number;
  output?: string;
  errors?: string;
}

/**
 * The Files and Batch endpoints. A batch is done at its third look. A request whose last message contains
 * `FAIL` goes into the error file, one with `EXPIRE` expires the batch, one with `LOSE` is in no file; a file
 * with `INVALID` fails validation.
 */
export class BatchDesk {
  readonly #files = new Map<string, string>();
  readonly #batches: Batch[] = [];

  serve(request: IncomingMessage, url: URL, raw: Buffer, response: ServerResponse): unknown {
    const send = (status: number, body: unknown): unknown => {
      response.writeHead(status, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(body));
    };
    const [, , kind, id, more] = url.pathname.split('/');
    if (kind === 'files' && request.method === 'POST') {
      const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
      const part = raw
        .toString()
        .split(`--${boundary}`)
        .find((one) => one.includes('filename='));
      const fileId = `file-${this.#files.size + 1}`;
      this.#files.set(fileId, (part ?? '').slice((part ?? '').indexOf('\r\n\r\n') + 4).replace(/\r\n$/, ''));
      return send(200, { id: fileId, object: 'file', purpose: 'batch', bytes: raw.length, created_at: 0 });
    }
    if (kind === 'files' && more === 'content') {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      return response.end(this.#files.get(id ?? '') ?? '');
    }
    if (kind === 'batches' && request.method === 'POST') {
      const body = JSON.parse(raw.toString());
      const batch = {
        id: `batch_${this.#batches.length + 1}`,
        input: body.input_file_id,
        metadata: body.metadata,
        polls: 0,
      };
      this.#batches.push(batch);
      return send(200, this.#describe(batch));
    }
    if (kind === 'batches' && id === undefined)
      return send(200, {
        object: 'list',
        data: this.#batches.map((b) => this.#describe(b)),
        has_more: false,
      });
    const batch = this.#batches.find((one) => one.id === id);
    if (!batch) return send(404, errorBody('no such batch', 404));
    batch.polls++;
    return send(200, this.#describe(batch));
  }

  #describe(batch: Batch): Record<string, unknown> {
    const text = this.#files.get(batch.input) ?? '';
    const base = {
      id: batch.id,
      object: 'batch',
      input_file_id: batch.input,
      metadata: batch.metadata,
      created_at: 0,
    };
    if (text.includes('INVALID'))
      return {
        ...base,
        status: 'failed',
        errors: {
          object: 'list',
          data: [{ code: 'invalid_json_line', message: 'line 1 is invalid', line: 1 }],
        },
      };
    const lines = text.split('\n').filter((line) => line !== '');
    const counts = { total: lines.length, completed: 0, failed: 0 };
    if (batch.polls < 3)
      return { ...base, status: batch.polls === 0 ? 'validating' : 'in_progress', request_counts: counts };
    if (batch.output === undefined) this.#work(batch, lines);
    return {
      ...base,
      status: text.includes('EXPIRE') ? 'expired' : 'completed',
      output_file_id: batch.output,
      error_file_id: batch.errors,
      request_counts: { ...counts, completed: lines.length },
    };
  }

  #work(batch: Batch, lines: readonly string[]): void {
    const output: string[] = [];
    const errors: string[] = [];
    for (const line of lines) {
      const { custom_id, body } = JSON.parse(line);
      const last = String(body.messages.at(-1).content);
      const base = { id: `req_${custom_id}`, custom_id };
      if (last.includes('LOSE')) continue;
      if (last.includes('FAIL'))
        errors.push(
          JSON.stringify({
            ...base,
            response: { status_code: 400, body: errorBody('refused', 400) },
            error: null,
          }),
        );
      else if (last.includes('EXPIRE'))
        errors.push(
          JSON.stringify({
            ...base,
            response: null,
            error: { code: 'batch_expired', message: 'not in time' },
          }),
        );
      else
        output.push(
          JSON.stringify({ ...base, response: { status_code: 200, body: chatBody(body, {}) }, error: null }),
        );
    }
    // The real service gives no order.
    batch.output = `out-${batch.id}`;
    this.#files.set(batch.output, `${output.reverse().join('\n')}\n`);
    if (errors.length === 0) return;
    batch.errors = `err-${batch.id}`;
    this.#files.set(batch.errors, `${errors.join('\n')}\n`);
  }
}
