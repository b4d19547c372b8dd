import { describe, expect, it } from 'vitest';
import { LoopbackDialer, ScriptedResolver } from '../../test/support/outbound-ports.js';
import { Outbound } from '../http/outbound.js';
import { OutboundPolicy } from '../http/outbound-policy.js';
import { Clock } from '../kernel/clock.js';
import { GuardedCallbacks } from './guarded-callbacks.js';
import type { WebhookSecrets } from './webhook-secrets.js';

const never = new Promise<string[]>(() => {});

function guarded(names: ConstructorParameters<typeof ScriptedResolver>[0], isAvailable = true) {
  const resolver = new ScriptedResolver(names);
  const policy = new OutboundPolicy({ allow: [], allowLoopback: false });
  const outbound = new Outbound(policy, resolver, new LoopbackDialer());
  return {
    resolver,
    callbacks: new GuardedCallbacks(outbound, { isAvailable } as WebhookSecrets, new Clock()),
  };
}

describe('the address of a callback', () => {
  it('is refused when it is private, and the text says what to do', async () => {
    const { callbacks } = guarded({ 'private.example': [['10.0.0.1']] });
    const message = 'leads to a private address; the operator may list private.example in OUTBOUND_ALLOW';
    await expect(callbacks.check('http://private.example/')).rejects.toMatchObject({
      code: 'callback.forbidden',
      detail: `callback_url ${message}`,
      options: { errors: [{ path: 'callback_url', message }] },
    });
  });

  it('is asked for once for many tasks, and its text is looked at each time', async () => {
    const { callbacks, resolver } = guarded({ 'hooks.example': [['93.184.216.34']] });
    for (let at = 0; at < 5; at += 1) await callbacks.check(`https://hooks.example/${at}`);
    expect(resolver.asked).toEqual(['hooks.example']);
    await expect(callbacks.check('https://me@hooks.example/')).rejects.toMatchObject({
      code: 'callback.forbidden',
    });
  });

  it('does not wait in a line for a name server that says nothing', async () => {
    const { callbacks, resolver } = guarded({ a: [never], b: [never], 'c.example': [['10.0.0.1']] });
    const waiting = [callbacks.check('http://a/'), callbacks.check('http://b/')];
    await callbacks.check('http://c.example/');
    expect(resolver.asked).toEqual(['a', 'b']);
    await Promise.all(waiting);
    await expect(callbacks.check('http://c.example/')).rejects.toMatchObject({ code: 'callback.forbidden' });
  });

  it('is not promised anything where nothing can be signed', async () => {
    const { callbacks } = guarded({}, false);
    await expect(callbacks.check('https://hooks.example/')).rejects.toMatchObject({
      code: 'callback.unavailable',
      detail: expect.stringContaining('INTAKE_SECRET_KEY') as string,
    });
  });
});
