import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type { z } from 'zod';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Launchers } from '../../src/cli/cli.js';
import { runCli } from '../../src/cli/program.js';
import type { Terminal } from '../../src/cli/terminal.js';
import type { Variables } from '../../src/config/config.js';

type Answer = { status?: number; body: unknown };

interface Surroundings {
  isTty?: boolean;
  launch?: Partial<Launchers>;
  variables?: Variables;
}

/** An API for the spec file that calls this: it gives the answers it was told, by call, the last one again and again. */
export function scriptedApi() {
  const asked: Array<{ call: string; body: unknown }> = [];
  const answers: Record<string, Answer[]> = {};
  const server = createServer((request, response) => void reply(request, response));
  let url: string;

  async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = `${request.method} ${request.url}`;
    const body = await textOf(request);
    asked.push({ call, body: body.startsWith('{') ? JSON.parse(body) : body });
    const queue = answers[call] ?? [{ status: 404, body: { code: 'route.not_found', detail: `no ${call}` } }];
    const { status = 200, body: answer } = (queue.length > 1 ? queue.shift() : queue[0]) as Answer;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    asked.length = 0;
    for (const call of Object.keys(answers)) delete answers[call];
  });

  /** Runs a command line against it. */
  async function intake(line: string[], { isTty = false, launch = {}, variables = {} }: Surroundings = {}) {
    const written = { out: [] as string[], err: [] as string[], drawn: [] as string[] };
    const terminal: Terminal = {
      out: (words) => void written.out.push(words),
      err: (words) => void written.err.push(words),
      draw: (words) => void written.drawn.push(words),
      isTty,
    };
    const code = await runCli(['--url', url, ...line], terminal, launch as Launchers, variables);
    return { code, out: written.out.join('\n'), err: written.err.join('\n'), drawn: written.drawn };
  }

  return { asked, answers, intake };
}

/** What the documentation shows of a wire shape. */
export function exampleOf(schema: z.ZodType): unknown {
  return (schema.meta() as { examples: unknown[] }).examples[0];
}
