import type { Socket } from 'node:net';
import { Dialer, NameResolver, SystemDialer } from '../../src/http/outbound-ports.js';

/** Knows the names that a test tells it, each with one answer after another; asks no network. */
export class ScriptedResolver extends NameResolver {
  readonly asked: string[] = [];

  /** @param names answers in turn, the last one for ever; an error is thrown */
  constructor(private readonly names: Record<string, Array<string[] | Error | Promise<string[]>>> = {}) {
    super();
  }

  async resolve(host: string): Promise<string[]> {
    this.asked.push(host);
    const answers = this.names[host] ?? [
      Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }),
    ];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return (await answer) ?? [];
  }
}

/** Writes down what is dialled, and refuses whatever is not this machine. */
export class LoopbackDialer extends Dialer {
  readonly dialled: string[] = [];
  private readonly system = new SystemDialer();

  /** @param standIns ports of this machine that answer in the place of an address elsewhere */
  constructor(private readonly standIns: Record<string, number> = {}) {
    super();
  }

  async dial(address: string, port: number, signal: AbortSignal): Promise<Socket> {
    this.dialled.push(`${address}:${port}`);
    const standIn = this.standIns[address];
    if (standIn !== undefined) return this.system.dial('127.0.0.1', standIn, signal);
    if (!address.startsWith('127.') && address !== '::1')
      throw Object.assign(new Error(`${address} is not this machine`), { code: 'EHOSTUNREACH' });
    return this.system.dial(address, port, signal);
  }
}
