import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compiledProgram } from '../../../../scripts/compiled-program.js';
import type { Behaviour, Seen } from './behaviour.js';

/** A running server and the way to command it. */
export interface TestServer {
  /** Ends in `/v1`, as the OpenAI client wants it. */
  readonly baseURL: string;
  readonly control: {
    /** Behaviours of the next requests for a model name; after them it answers properly, or, if `stay`, keeps the last. */
    script(model: string, script: readonly Behaviour[], options?: { stay?: boolean }): Promise<void>;
    seen(model: string): Promise<Seen>;
  };
  close(): Promise<void>;
}

/** Starts the misbehaving server as a process of its own. */
export async function startServer(): Promise<TestServer> {
  const program = await compiledProgram(fileURLToPath(new URL('misbehaving-server.ts', import.meta.url)));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const origin = `http://127.0.0.1:${Number(first.toString())}`;
  return {
    baseURL: `${origin}/v1`,
    control: {
      async script(model, steps, options = {}) {
        const body = JSON.stringify({ model, script: steps, stay: options.stay ?? false });
        await fetch(`${origin}/control`, { method: 'POST', body });
      },
      async seen(model) {
        const response = await fetch(`${origin}/control?model=${encodeURIComponent(model)}`);
        return (await response.json()) as Seen;
      },
    },
    async close() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}
