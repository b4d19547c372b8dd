// Loaded before any test, and into every process that a test starts: nothing here reaches another machine.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|::1|\[::1\])$/;

// oxlint-disable-next-line typescript/unbound-method -- called with its own `this`
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guarded(...call) {
  const [first, second] = Array.isArray(call[0]) ? call[0] : call;
  const host = typeof first === 'object' ? (first.path ? 'localhost' : first.host) : second;
  const isHere = typeof host !== 'string' || isPath(first) || LOOPBACK.test(host);
  if (!isHere) throw new Error(`a test tried to connect to ${host}`);
  return connect.apply(this, call);
};

function isPath(first) {
  return typeof first === 'string' && !/^\d+$/.test(first);
}

const { lookup } = dns;
dns.lookup = function guarded(host, ...rest) {
  if (!host || LOOPBACK.test(host) || net.isIP(host)) return lookup.call(this, host, ...rest);
  process.nextTick(rest.at(-1), notFound(host));
  return {};
};

const ask = dns.promises.lookup;
dns.promises.lookup = (host, options) =>
  !host || LOOPBACK.test(host) || net.isIP(host) ? ask(host, options) : Promise.reject(notFound(host));

function notFound(host) {
  return Object.assign(new Error(`a test asked for the address of ${host}`), { code: 'ENOTFOUND' });
}

syncBuiltinESMExports();
