import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on loopback that charges once for each idempotency key, and counts. */
export interface ChargingServer {
  readonly url: string;
  /** How often each question was charged. */
  readonly charged: Map<string, number>;
  /** Requests that came, those that were not charged again among them. */
  requests: number;
  close(): Promise<void>;
}

/**
 * Starts the server.
 *
 * @param answer - status of the answer to a question that comes for the `nth` time; 200 charges
 */
export async function startCharging({
  milliseconds = 0,
  answer = () => 200,
}: {
  milliseconds?: number;
  answer?: (question: string, nth: number) => number;
} = {}): Promise<ChargingServer> {
  const keys = new Set<string>();
  const charged = new Map<string, number>();
  const came = new Map<string, number>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      state.requests++;
      const nth = (came.get(body) ?? 0) + 1;
      came.set(body, nth);
      const status = answer(body, nth);
      const key = String(request.headers['idempotency-key']);
      if (status === 200 && !keys.has(key)) {
        keys.add(key);
        charged.set(body, (charged.get(body) ?? 0) + 1);
      }
      setTimeout(() => {
        response.statusCode = status;
        response.end(`answer to ${body}`);
      }, milliseconds);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const state: ChargingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    charged,
    requests: 0,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}
