import { describe, expect, it } from 'vitest';
import { Sealer } from './sealer.js';

const [OLD, NEW] = ['an old key of more than 32 characters', 'a new key of more than 32 characters'];

describe('a sealed secret', () => {
  it('opens again, and never looks the same twice', () => {
    const sealer = new Sealer([NEW]);
    const [one, two] = [sealer.seal('whsec_ü', 'a'), sealer.seal('whsec_ü', 'a')];
    expect(one).not.toBe(two);
    expect(one).not.toContain('whsec');
    expect([sealer.open(one, 'a'), sealer.open(two, 'a')]).toEqual(['whsec_ü', 'whsec_ü']);
    expect(sealer.open(sealer.seal('', 'a'), 'a')).toBe('');
  });

  it('opens nowhere else, and not when it was touched', () => {
    const sealer = new Sealer([NEW]);
    const sealed = sealer.seal('secret', 'webhook-secret:a');
    const touched = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const text of [touched, sealed.slice(0, 20), `${sealed}x`, 'v1.00000000.AAAA', 'secret', '']) {
      expect(() => sealer.open(text, 'webhook-secret:a')).toThrow(/cannot be opened/);
    }
    expect(() => sealer.open(sealed, 'webhook-secret:b')).toThrow(/cannot be opened/);
    expect(() => new Sealer([OLD]).open(sealed, 'webhook-secret:a')).toThrow(/INTAKE_SECRET_KEY_PREVIOUS/);
  });

  it('outlives the exchange of the key, and tells when the old one can go', () => {
    const sealed = new Sealer([OLD]).seal('secret', 'a');
    const both = new Sealer([NEW, OLD]);
    expect([both.open(sealed, 'a'), both.isStale(sealed)]).toEqual(['secret', true]);
    const again = both.seal('secret', 'a');
    expect([new Sealer([NEW]).open(again, 'a'), both.isStale(again)]).toEqual(['secret', false]);
  });

  it('cannot be without a key', () => {
    const sealer = new Sealer([]);
    expect(sealer.isAvailable).toBe(false);
    expect(() => sealer.seal('secret', 'a')).toThrow(expect.objectContaining({ code: 'secret_key.missing' }));
    expect(() => sealer.open('v1.x', 'a')).toThrow(expect.objectContaining({ code: 'secret_key.missing' }));
  });
});
