import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  status: { code?: number };
  attributes: Array<{ key: string; value: Record<string, unknown> }>;
}

interface Line {
  [member: string]: unknown;
}

interface Export {
  resourceSpans?: Array<{ scopeSpans: Array<{ spans: Span[] }> }>;
}

let collector: Server;
let spans: Span[];
let paths: string[];

/** An OTLP/HTTP collector that keeps what it is sent. */
beforeEach(async () => {
  spans = [];
  paths = [];
  collector = createServer((request, response) => {
    paths.push(request.url ?? '');
    void json(request).then((body) => {
      spans.push(...spansOf(body as Export));
      return response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
});
afterEach(() => collector.close());

function spansOf({ resourceSpans = [] }: Export): Span[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
}

/** Runs the API in a process of its own, asks it once, and lets it end. */
async function askOnce(tracing: 'on' | 'off', path: string) {
  const child = spawn(
    process.execPath,
    ['--import', local('../support/typescript.mjs'), local('tracing.child.ts'), tracing],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ...process.env,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      },
    },
  );
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(JSON.parse(line) as Line));
  try {
    const { listening } = await eventually(() => lines.find((line) => line.listening));
    const answer = await fetch(listening + path, {
      headers: { traceparent: TRACEPARENT, 'x-request-id': 'r1' },
    });
    child.stdin.end();
    await once(child, 'close');
    return { ...((await answer.json()) as { stored: string }), lines };
  } finally {
    child.kill('SIGKILL');
  }
}

function local(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

it('one trace leads from the caller through the request to the work, also where it fails', async () => {
  const { stored } = await askOnce('on', '/api/trace?token=hunter2');
  const request = spans.find(({ kind }) => kind === 2);
  expect(request).toMatchObject({
    name: 'GET /api/trace',
    traceId: TRACE_ID,
    parentSpanId: '00f067aa0ba902b7',
  });
  expect(stored).toBe(`00-${TRACE_ID}-${request?.spanId}-01`);

  const work = spans.find(({ name }) => name === 'process documents');
  expect(work).toMatchObject({ traceId: TRACE_ID, parentSpanId: request?.spanId, kind: 5 });
  expect(work?.attributes).toContainEqual({
    key: 'messaging.destination.name',
    value: { stringValue: 'documents' },
  });
  expect(spans.find(({ name }) => name === 'process images')).toMatchObject({
    traceId: TRACE_ID,
    status: { code: 2 },
  });
  expect(new Set(paths)).toEqual(new Set(['/v1/traces']));
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});

it('off, nothing is sent and the caller’s trace is handed on', async () => {
  const { stored } = await askOnce('off', '/api/trace');
  expect(stored).toBe(TRACEPARENT);
  expect(paths).toEqual([]);
});

it.each(['on', 'off'] as const)(
  'tracing %s, the line of a request says which, and no secret',
  async (tracing) => {
    const { lines } = await askOnce(tracing, '/api/trace?token=hunter2');
    const line = lines.filter(({ context }) => context === 'http');
    expect(line).toEqual([
      expect.objectContaining({
        level: 'info',
        msg: 'GET /api/trace 200',
        route: '/api/trace',
        status: 200,
        request_id: 'r1',
        trace_id: TRACE_ID,
      }),
    ]);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  },
);
