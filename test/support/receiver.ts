import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.js';

export interface Heard {
  path: string;
  /** Whence it came. */
  port: number;
  /** Over TLS: the name that was asked for. */
  serverName?: string;
  headers: IncomingHttpHeaders;
  body: string;
  message: { type: string; timestamp: string; data: Record<string, unknown> };
}

/** `hold` does not answer, `hang_up` ends the connection instead. */
type Answer =
  number | { status: number; headers?: Record<string, string>; body?: string } | 'hold' | 'hang_up';

/** Somebody's endpoint on this machine: keeps what it hears, answers as told. */
export class Receiver {
  readonly heard: Heard[] = [];
  private readonly held: ServerResponse[] = [];
  private readonly script = new Map<string, (message: Heard) => Answer>();

  private constructor(
    private readonly server: Server,
    private readonly origin: string,
  ) {}

  /** @param certificate speaks TLS, under the name of this machine */
  static async start(port = 0, certificate?: Certificate): Promise<Receiver> {
    const server = certificate ? createTlsServer(certificate) : createServer();
    const receiver = new Receiver(server, certificate ? 'https://localhost' : 'http://127.0.0.1');
    server.on('request', (request, response) => void receiver.receive(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `${this.origin}:${this.port}${path}`;
  }

  /** Answers on a path in turn, the last one for ever; 200 where nothing was said. */
  answers(path: string, ...answers: Answer[]): void {
    this.answersBy(path, () => (answers.length > 1 ? answers.shift() : answers[0]) ?? 200);
  }

  answersBy(path: string, answer: (message: Heard) => Answer): void {
    this.script.set(path, answer);
  }

  on(path: string): Heard[] {
    return this.heard.filter((each) => each.path === path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url: path = '', headers, socket } = request;
    const port = socket.remotePort ?? 0;
    const serverName = (socket as Partial<TLSSocket>).servername || undefined;
    const body = await text(request);
    const message = { path, port, serverName, headers, body, message: JSON.parse(body) as Heard['message'] };
    this.heard.push(message);
    this.answer(this.script.get(path)?.(message) ?? 200, response);
  }

  private answer(answer: Answer, response: ServerResponse): void {
    if (answer === 'hang_up') return void response.destroy();
    if (answer === 'hold') return void this.held.push(response);
    const { status, headers = {}, body = 'heard' } = typeof answer === 'number' ? { status: answer } : answer;
    response.writeHead(status, headers).end(body);
  }
}

/** The check of Standard Webhooks, as a receiver writes it: ours is not used here. */
export function isSigned({ headers, body }: Heard, secret: string): boolean {
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(expected);
}
