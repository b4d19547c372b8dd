import { expect, it } from 'vitest';
import { FileLinks } from './file-links.js';

const KEY = 'the secret key of a test of links';
const claims = { key: 'a/b "c".pdf', tenant: 'one', until: 1_000, name: 'ü.pdf', type: 'application/pdf' };
const invalid = expect.objectContaining({ code: 'file_link.invalid' }) as Error;

it('opens what it signed until it expires', () => {
  const links = new FileLinks([KEY]);
  const signed = links.sign(claims);
  expect(signed).toMatch(/^[\w.-]+$/);
  expect(links.open(signed, 999)).toEqual(claims);
  expect(() => links.open(signed, 1_000)).toThrow(expect.objectContaining({ code: 'file_link.expired' }));
});

it('opens nothing that was changed, anywhere', () => {
  const links = new FileLinks([KEY]);
  const signed = links.sign(claims);
  for (let at = 0; at < signed.length; at += 1) {
    const other = signed[at] === 'A' ? 'Q' : 'A';
    const changed = signed.slice(0, at) + other + signed.slice(at + 1);
    // The last character of a signature carries four bits that mean nothing.
    if (at < signed.length - 1) expect(() => links.open(changed, 0)).toThrow(invalid);
  }
  const [body = '', signature = ''] = signed.split('.');
  const longer = Buffer.from(JSON.stringify({ ...claims, until: 9_999 })).toString('base64url');
  for (const bad of ['', '.', body, `${body}.`, `.${signature}`, `${longer}.${signature}`, `${signed}.x`])
    expect(() => links.open(bad, 0)).toThrow(invalid);
});

it('goes on opening links while a key is exchanged', () => {
  const signed = new FileLinks([KEY]).sign(claims);
  const next = 'another secret key of a test of links';
  expect(new FileLinks([next, KEY]).open(signed, 0)).toEqual(claims);
  expect(() => new FileLinks([next]).open(signed, 0)).toThrow(invalid);
});

it('signs nothing without a key, and opens nothing', () => {
  const none = new FileLinks([]);
  expect(() => none.sign(claims)).toThrow(expect.objectContaining({ code: 'secret_key.missing' }));
  expect(() => none.open(new FileLinks([KEY]).sign(claims), 0)).toThrow(invalid);
});
