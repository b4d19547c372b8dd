import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface EmbeddingsAsked {
  path: string;
  headers: IncomingHttpHeaders;
  body: { model: string; input: string[]; modality?: string };
}

export interface RawAnswer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Breaks the connection off after the body. */
  broken?: boolean;
}

/** What a test has a server answer in the place of embeddings; `hold` answers nothing. */
export type Misbehaviour = (asked: EmbeddingsAsked) => RawAnswer | 'hold' | null;

const DIMENSION = 24;

/** A service of this machine that speaks OpenAI's embeddings call, and misbehaves when told. */
export class EmbeddingServer {
  readonly asked: EmbeddingsAsked[] = [];
  /** `null` answers embeddings. */
  misbehaviour: Misbehaviour = () => null;
  /** The vector of an input. */
  embed: (input: string) => Promise<number[]> = (input) => Promise.resolve(vectorOf(input));

  private constructor(private readonly server: Server) {}

  static async start(): Promise<EmbeddingServer> {
    const server = createServer();
    const embeddings = new EmbeddingServer(server);
    server.on('request', (request, response) => void embeddings.answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return embeddings;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo | null)?.port}/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse(await text(request)) as EmbeddingsAsked['body'];
    const asked = { path: request.url ?? '', headers: request.headers, body };
    this.asked.push(asked);
    const instead = this.misbehaviour(asked);
    if (instead === 'hold') return;
    const answer = instead ?? {
      body: JSON.stringify({ object: 'list', data: await this.dataFor(body.input) }),
    };
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    if (!answer.broken) return void response.end(answer.body);
    response.write(answer.body ?? '', () => response.destroy());
  }

  /** Last first, since only the index counts. */
  private async dataFor(inputs: readonly string[]) {
    const vectors = await Promise.all(inputs.map((input) => this.embed(input)));
    return vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })).toReversed();
  }
}

/** Numbers that depend on nothing but the input. */
function vectorOf(input: string): number[] {
  return [...createHash('sha256').update(input).digest().subarray(0, DIMENSION)].map((byte) => byte - 127.5);
}
