import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Fault } from '../kernel/fault.js';
import { VERSION } from '../kernel/version.js';
import { Deadline } from './outbound-deadline.js';
import { OutboundPolicy, type OutboundTarget } from './outbound-policy.js';
import { Dialer, NameResolver } from './outbound-ports.js';
import { limitedBody } from './outbound-body.js';
import { UnprovenHost, secured } from './outbound-tls.js';

export interface OutboundLimits {
  /** For the name, and again for connection and TLS, per hop. */
  connectMs?: number;
  /** From the call to the last byte of the body. */
  totalMs: number;
  /** Without a byte in either direction, once connected; as long as `totalMs` unless told otherwise. */
  idleMs?: number;
  /** Of the body; as it arrives, since nothing is unpacked. */
  maxBytes: number;
  /** 0 unless told otherwise: an answer that points elsewhere is then an answer like any other. GET only. */
  maxRedirects?: number;
}

export interface OutboundRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  limits: OutboundLimits;
  signal?: AbortSignal;
}

/** Read the body to its end or destroy it; until then a connection is held. */
export interface OutboundResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Where it came from in the end. */
  url: string;
  /** Fails with Fault outbound.too_large, outbound.timeout, outbound.incomplete or outbound.unreachable. */
  body: Readable;
}

const CONNECT_MS = 5_000;
const MAX_ADDRESSES = 4;
const MAX_HEADER_BYTES = 16 * 1024;
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * The way out, for URLs that somebody else named. Names are resolved once, every address of the answer is checked, and
 * the connection goes to a checked address, so that a name cannot change its mind in between. Environment proxies are
 * not heard, connections are not shared, nothing is unpacked.
 */
@Injectable()
export class Outbound {
  constructor(
    private readonly policy: OutboundPolicy,
    private readonly resolver: NameResolver,
    private readonly dialer: Dialer,
  ) {}

  /**
   * Sends one request, following redirects where they are allowed; each hop is checked as the first was.
   * @throws Fault outbound.forbidden, outbound.unreachable, outbound.timeout, outbound.too_large; the signal's reason
   */
  async send(request: OutboundRequest): Promise<OutboundResponse> {
    const deadline = new Deadline(request.limits.totalMs, request.signal);
    try {
      let target = this.policy.target(request.url);
      for (let hops = request.limits.maxRedirects ?? 0; ; hops -= 1) {
        const socket = await this.connect(target, request.limits.connectMs ?? CONNECT_MS, deadline);
        const answer = await ask(socket, target, request, deadline);
        const next = hops > 0 ? redirectOf(answer, target, request) : null;
        if (!next) return toResponse(answer, target, request, deadline);
        answer.destroy();
        target = this.policy.target(next);
      }
    } catch (error) {
      deadline.end();
      throw deadline.faultOf(error);
    }
  }

  /**
   * Says whether a URL is plainly forbidden, without calling it. A name that cannot be resolved now is not: only the
   * call itself decides.
   * @param patienceMs for the name; 0 looks at the text alone
   * @throws Fault outbound.forbidden
   */
  async inspect(url: string, patienceMs: number): Promise<void> {
    const target = this.policy.target(url);
    if (isIP(target.host) || patienceMs === 0) return;
    const deadline = new Deadline(patienceMs);
    const addresses = await deadline.race(this.resolver.resolve(target.host)).catch(() => []);
    deadline.end();
    this.policy.admit(target, addresses);
  }

  /** To the first address that answers; each gets its share of the time. */
  private async connect(target: OutboundTarget, ms: number, deadline: Deadline): Promise<Socket> {
    const addresses = (await this.addressesOf(target, ms, deadline)).slice(0, MAX_ADDRESSES);
    let failure: unknown = new Error('the name has no address');
    for (const address of addresses) {
      const share = new Deadline(ms / addresses.length, deadline.signal);
      try {
        return await this.dial(address, target, share.signal);
      } catch (error) {
        // It says more than that another address does not answer.
        if (!(failure instanceof UnprovenHost)) failure = share.faultOf(error);
      } finally {
        share.end();
      }
    }
    throw failure;
  }

  private async addressesOf(target: OutboundTarget, ms: number, deadline: Deadline): Promise<string[]> {
    if (isIP(target.host)) return [target.host];
    const patience = new Deadline(ms, deadline.signal);
    try {
      const addresses = await patience.race(this.resolver.resolve(target.host));
      this.policy.admit(target, addresses);
      return addresses;
    } finally {
      patience.end();
    }
  }

  private async dial(address: string, target: OutboundTarget, signal: AbortSignal): Promise<Socket> {
    const socket = await this.dialer.dial(address, target.port, signal);
    return target.url.protocol === 'https:' ? secured(socket, target.host, signal) : socket;
  }
}

function ask(
  socket: Socket,
  { url }: OutboundTarget,
  { method = 'GET', headers, body, limits: { idleMs } }: OutboundRequest,
  deadline: Deadline,
): Promise<IncomingMessage> {
  if (idleMs) socket.setTimeout(idleMs, () => deadline.cut(silent(idleMs)));
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http;
    const call = request({
      createConnection: () => socket,
      method,
      path: url.pathname + url.search,
      headers: {
        host: url.host,
        'user-agent': `intake/${VERSION}`,
        accept: '*/*',
        'accept-encoding': 'identity',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      maxHeaderSize: MAX_HEADER_BYTES,
      signal: deadline.signal,
    });
    call.once('response', resolve);
    call.on('error', (error) => {
      socket.destroy();
      reject(error);
    });
    call.end(body);
  });
}

function silent(idleMs: number): Fault {
  return new Fault('outbound.timeout', `The host was silent for ${idleMs / 1_000} s`);
}

/** @returns where to go on, or `null` when this is the answer */
function redirectOf(
  { statusCode = 0, headers }: IncomingMessage,
  { url }: OutboundTarget,
  { method = 'GET' }: OutboundRequest,
): string | null {
  if (method !== 'GET' || !REDIRECTS.includes(statusCode) || !headers.location) return null;
  if (!URL.canParse(headers.location, url.href)) return null;
  const next = new URL(headers.location, url);
  if (url.protocol === 'https:' && next.protocol === 'http:')
    throw new Fault('outbound.forbidden', 'The URL leads from https to http');
  return next.href;
}

function toResponse(
  answer: IncomingMessage,
  { url }: OutboundTarget,
  { limits }: OutboundRequest,
  deadline: Deadline,
): OutboundResponse {
  const { statusCode: status = 0, headers } = answer;
  return { status, headers, url: url.href, body: limitedBody(answer, limits.maxBytes, deadline) };
}
