/**
 * An OpenAI-compatible server on loopback that misbehaves on command. Runs as a process of its own; prints its
 * port as the first line. `POST /control {model, script}` gives the behaviours of the next requests for a model
 * name, the last one staying if `stay` is set; `GET /control?model=` tells what was seen of it.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatchDesk } from './batch-desk.js';
import type { Behaviour, SeenRequest } from './behaviour.js';
import { chatBody, chatChunks, completionBody, errorBody } from './dialects.js';

interface Script {
  steps: Behaviour[];
  stay: boolean;
}
const scripts = new Map<string, Script>();
const seen: SeenRequest[] = [];
const inFlight = new Map<string, { now: number; most: number }>();
const desk = new BatchDesk();

function nextBehaviour(model: string): Behaviour {
  const script = scripts.get(model);
  if (!script || script.steps.length === 0) return { kind: 'answer' };
  if (script.stay && script.steps.length === 1) return script.steps[0] as Behaviour;
  return script.steps.shift() as Behaviour;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): unknown {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  return response.end(JSON.stringify(body));
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Unit vectors that depend on the text alone: its SHA-512, byte by byte. */
function embed(text: string, dimensions = 16): Float32Array {
  const digest = createHash('sha512').update(text).digest();
  const vector = Float32Array.from({ length: dimensions }, (_, i) => (digest[i % 64] as number) - 127.5);
  const norm = Math.hypot(...vector);
  return vector.map((x) => x / norm);
}

function inputsOf(body: Record<string, unknown>): string[] {
  return (Array.isArray(body.input) ? body.input : [body.input]) as string[];
}

function embeddingsBody(body: Record<string, unknown>, behaviour: Behaviour): unknown {
  const inputs = inputsOf(body);
  const data = inputs.map((text, index) => {
    if (behaviour.kind === 'poisoned' && text.includes('POISON'))
      return { object: 'embedding', index, embedding: behaviour.vector };
    const vector = embed(text, body.dimensions as number | undefined);
    const embedding =
      body.encoding_format === 'base64'
        ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
        : [...vector];
    return { object: 'embedding', index, embedding };
  });
  if (behaviour.kind === 'shuffled') data.reverse();
  const tokens = inputs.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
  return { object: 'list', data, model: body.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** Whether a request has what a server refuses. */
function has(body: Record<string, unknown>, what: string): boolean {
  const messages = (body.messages ?? []) as { role: string; content: string }[];
  if (what === 'system role') return messages.some(({ role }) => role === 'system');
  if (what === 'empty assistant')
    return messages.some(({ role, content }) => role === 'assistant' && content === '');
  if (what === 'several inputs') return inputsOf(body).length > 1;
  return body[what] !== undefined;
}

/** Sends until the other side has enough. */
async function sendForEver(response: ServerResponse, piece: string): Promise<void> {
  const block = piece.repeat(Math.ceil(65_536 / piece.length));
  while (!response.destroyed) {
    if (!response.write(block))
      await new Promise<void>((resolve) => {
        const go = (): void => {
          response.off('drain', go).off('close', go);
          resolve();
        };
        response.once('drain', go).once('close', go);
      });
    await pause(0);
  }
}

/** Relevance of documents: the words that they share with the question. The best come first, as servers send them. */
function rerankingBody(body: Record<string, unknown>): unknown {
  const words = new Set(
    String(body.query)
      .toLowerCase()
      .match(/\p{L}+/gu),
  );
  const documents = (body.texts ?? body.documents) as string[];
  const scores = documents.map((text) => {
    const own = text.toLowerCase().match(/\p{L}+/gu) ?? [];
    return own.filter((word) => words.has(word)).length / Math.max(1, own.length);
  });
  const order = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
  if (body.texts) return order.map((index) => ({ index, score: scores[index] }));
  const results = order.map((index) => ({ index, relevance_score: scores[index] }));
  return { id: 'rerank', model: body.model, results, usage: { total_tokens: documents.length } };
}

/** The body and content type of a proper answer to a request for text or vectors. */
function properAnswer(path: string, body: Record<string, unknown>, behaviour: Behaviour): [string, string] {
  if (path === '/v1/embeddings') return [JSON.stringify(embeddingsBody(body, behaviour)), 'application/json'];
  if (path.endsWith('/rerank')) return [JSON.stringify(rerankingBody(body)), 'application/json'];
  if (path === '/v1/completions') return [JSON.stringify(completionBody(body)), 'application/json'];
  const how =
    behaviour.kind === 'answer' ? behaviour : { text: 'text' in behaviour ? behaviour.text : undefined };
  if (body.stream !== true) return [JSON.stringify(chatBody(body, how)), 'application/json'];
  const chunks = chatChunks(body, how).map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  return [`${chunks.join('')}data: [DONE]\n\n`, 'text/event-stream'];
}

async function behave(
  behaviour: Behaviour,
  path: string,
  body: Record<string, unknown>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<unknown> {
  switch (behaviour.kind) {
    case 'hang':
      return new Promise((resolve) => request.socket.once('close', resolve));
    case 'status': {
      const message = behaviour.echoKey
        ? `Incorrect API key provided: ${String(request.headers.authorization)}`
        : (behaviour.message ?? `status ${behaviour.status}`);
      const headers = behaviour.retryAfter === undefined ? {} : { 'retry-after': behaviour.retryAfter };
      return sendJson(response, behaviour.status, errorBody(message, behaviour.status), headers);
    }
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><body>Please sign in to the network.</body></html>');
      return undefined;
    case 'invalid-json':
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"choices": [{"message": {"content": "half an ans');
      return;
    case 'error-in-200':
      return sendJson(
        response,
        200,
        errorBody(behaviour.message ?? 'overloaded', behaviour.code ?? 'overloaded'),
      );
    case 'refuse-format': {
      const format = body.response_format as { type?: string } | undefined;
      if (format?.type !== undefined && behaviour.types.includes(format.type))
        return sendJson(response, 400, errorBody(`response_format ${format.type} is not supported`, 400));
      break;
    }
    case 'raw':
      response.writeHead(behaviour.status ?? 200, {
        'content-type': behaviour.contentType ?? 'application/json',
        ...behaviour.headers,
      });
      return response.end(
        typeof behaviour.body === 'string' ? behaviour.body : JSON.stringify(behaviour.body),
      );
    case 'events':
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.end(
        behaviour.events.map((one) => (one.includes('\n') ? one : `data: ${one}\n\n`)).join(''),
      );
    case 'refuse':
      if (has(body, behaviour.has)) return sendJson(response, behaviour.status, behaviour.body);
      break;
    case 'endless': {
      const isStream = behaviour.as === 'events' || behaviour.as === 'line';
      response.writeHead(behaviour.as === 'error' ? 500 : 200, {
        'content-type': isStream ? 'text/event-stream' : 'application/json',
      });
      if (behaviour.as === 'json') response.write('{"choices": [{"message": {"content": "');
      if (behaviour.as === 'line') response.write('data: ');
      const event = JSON.stringify({ choices: [{ index: 0, delta: { content: 'x' }, finish_reason: null }] });
      return sendForEver(response, behaviour.as === 'events' ? `data: ${event}\n\n` : 'x');
    }
    case 'redirect':
      response.writeHead(behaviour.status, { location: behaviour.to });
      return response.end();
    case 'echo-headers': {
      const text = JSON.stringify(request.headers);
      if (body.stream !== true) return sendJson(response, 200, chatBody(body, { text }));
      const pieces = text.match(/.{1,7}/g) ?? [];
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const content of pieces)
        response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
      return response.end('data: [DONE]\n\n');
    }
    case 'poisoned':
      if (!inputsOf(body).some((text) => text.includes('POISON'))) break;
      if (behaviour.whole === 'status-500')
        return sendJson(response, 500, { error: 'failed to encode response: json: unsupported value: NaN' });
      if (behaviour.whole === 'nan-literal') {
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end('{"object": "list", "data": [{"index": 0, "embedding": [NaN, NaN]}]}');
      }
      break;
    case 'no-echo':
      return sendJson(response, 200, {
        choices: [
          {
            index: 0,
            text: ' x',
            logprobs: { text_offset: [0], tokens: [' x'], token_logprobs: [-0.01], top_logprobs: null },
          },
        ],
      });
    case 'answer':
      if (behaviour.delayMs) await pause(behaviour.delayMs);
      break;
    default:
  }
  const [text, contentType] = properAnswer(path, body, behaviour);
  const bytes = Buffer.from(text);
  if (behaviour.kind === 'cut') {
    const headers = {
      'content-type': contentType,
      ...(body.stream ? {} : { 'content-length': bytes.length }),
    };
    response.writeHead(200, headers);
    // A clean end leaves out the last chunk, which has the finish reason, and the end mark.
    const end = behaviour.clean ? text.lastIndexOf('data: ', text.indexOf('"finish_reason":"')) : -1;
    response.write(end >= 0 ? bytes.subarray(0, end) : bytes.subarray(0, bytes.length / 2));
    await pause(30);
    if (behaviour.clean) response.end();
    else request.socket.destroy();
    return;
  }
  response.writeHead(200, { 'content-type': contentType });
  if (behaviour.kind === 'drip') {
    const size = behaviour.bytes ?? 1;
    for (let at = 0; at < bytes.length; at += size) {
      if (response.destroyed) return;
      response.write(bytes.subarray(at, at + size));
      await pause(behaviour.everyMs);
    }
    response.end();
    return;
  }
  response.end(bytes);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const url = new URL(request.url ?? '/', 'http://loopback');
  const raw = await readBody(request);
  if (url.pathname === '/control') {
    if (request.method === 'POST') {
      const { model, script, stay } = JSON.parse(raw.toString());
      scripts.set(model, { steps: script, stay: stay === true });
      return sendJson(response, 200, {});
    }
    const model = url.searchParams.get('model') ?? '';
    return sendJson(response, 200, {
      requests: seen.filter((one) => one.model === model),
      mostAtOnce: inFlight.get(model)?.most ?? 0,
    });
  }
  if (url.pathname.startsWith('/v1/files') || url.pathname.startsWith('/v1/batches')) {
    const gate = nextBehaviour(`${request.method} ${url.pathname.split('/')[2]}`);
    if (gate.kind !== 'answer') return behave(gate, url.pathname, {}, request, response);
    return desk.serve(request, url, raw, response);
  }
  const body = JSON.parse(raw.toString() || '{}') as Record<string, unknown>;
  const model = String(body.model);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]));
  seen.push({ path: url.pathname, model, headers, body, time: Date.now() });
  const flight = inFlight.get(model) ?? { now: 0, most: 0 };
  inFlight.set(model, flight);
  flight.now++;
  flight.most = Math.max(flight.most, flight.now);
  try {
    if (['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/rerank'].includes(url.pathname))
      await behave(nextBehaviour(model), url.pathname, body, request, response);
    else sendJson(response, 404, errorBody(`no such path: ${url.pathname}`, 404));
  } finally {
    flight.now--;
  }
}

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    if (!response.headersSent) sendJson(response, 500, errorBody(String(error), 500));
    else response.destroy();
  });
});
// A busy machine may send the next request just when a connection was closed for being idle.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
// The test process holds the other end of standard input: when it goes, so does the server.
process.stdin.on('end', () => process.exit(0)).resume();
