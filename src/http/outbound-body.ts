import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { Fault } from '../kernel/fault.js';
import type { Deadline } from './outbound-deadline.js';

/** The body of an answer, cut off where it gets too long or too slow; whoever drops it frees the connection. */
export function limitedBody(answer: IncomingMessage, maxBytes: number, deadline: Deadline): Readable {
  const body = Readable.from(read(answer, maxBytes, deadline), { objectMode: false });
  body.once('close', () => {
    deadline.end();
    answer.destroy();
  });
  return body;
}

/** What a body begins with, as text; the rest is not waited for, and neither is a body that breaks off. */
export async function startOf(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // What came is all that there is to show.
  } finally {
    body.destroy();
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}

async function* read(answer: IncomingMessage, maxBytes: number, deadline: Deadline): AsyncGenerator<Buffer> {
  if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      yield chunk;
    }
  } catch (error) {
    throw deadline.faultOf(Fault.is(error) || answer.complete ? error : brokeOff(size, error));
  }
}

function brokeOff(size: number, cause: unknown): Fault {
  return new Fault('outbound.incomplete', `The answer broke off after ${size} bytes`, { cause });
}

function tooLarge(maxBytes: number): Fault {
  return new Fault('outbound.too_large', `The answer is larger than ${maxBytes} bytes`);
}
