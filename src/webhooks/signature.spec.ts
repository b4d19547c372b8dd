import { describe, expect, it } from 'vitest';
import { signedHeaders, toSecret } from './signature.js';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** Computed with Python's `hmac`, the first one also printed in the documentation of the standard's libraries. */
describe('a signature', () => {
  it.each([
    [
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330,
      '{"test": 2432232314}',
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    ],
    [
      '018f3b1a-7c00-7000-8000-000000000001',
      1_700_000_000,
      '{"type":"task.completed","data":{"name":"Größe ✓"}}',
      'v1,+42pMi3/u0ZGYzSltb3lJK4ziywA0u4btlTstylxsMg=',
    ],
  ])('of %s at %i is the one that others compute', (id, at, body, signature) => {
    expect(signedHeaders(id, at, body, [SECRET])).toEqual({
      'webhook-id': id,
      'webhook-timestamp': String(at),
      'webhook-signature': signature,
    });
  });

  it('stands beside another while a secret takes over', () => {
    const other = toSecret(Buffer.alloc(32, 7));
    const { 'webhook-signature': both } = signedHeaders('a', 1, '{}', [SECRET, other]);
    const [first, second] = [SECRET, other].map((secret) => signedHeaders('a', 1, '{}', [secret]));
    expect(both).toBe(`${first?.['webhook-signature']} ${second?.['webhook-signature']}`);
  });
});
