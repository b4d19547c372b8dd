import { describe, expect, it } from 'vitest';
import { fingerprintOf, shapeOf } from './fingerprint.js';

const of = (message: string, code = 'storage.unavailable', type = 'documents.process') =>
  fingerprintOf(type, { code, message });

describe('failures of one cause share a fingerprint', () => {
  it.each([
    ['numbers', 'took 1,204.5 ms of 300', 'took 17 ms of 300'],
    ['ids', 'no row 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10', 'no row 01990f2e-abcd-7abc-9abc-abcdefabcdef'],
    ['names of any kind', 'order A17-x is gone', 'order b9 is gone'],
    ['hexadecimal ids', 'object 5f3a9c01de not there', 'object 77ab01cd90 not there'],
    ['quoted parts', 'cannot read "a.pdf": denied', 'cannot read "b c.docx": denied'],
    ['quoted parts beside an apostrophe', "can't read 'one'", "can't read 'another one'"],
    ['paths', 'ENOENT: no such file, open /srv/a/b.pdf', 'ENOENT: no such file, open /var/x.txt'],
    ['paths of Windows', 'cannot open C:\\temp\\a.txt', 'cannot open D:\\b.txt'],
    ['addresses', 'GET https://a.example/x?y=1 failed', 'GET https://b.example/ failed'],
    ['hosts and ports', 'connect ECONNREFUSED 10.0.0.1:5432', 'connect ECONNREFUSED 10.0.0.27:80'],
    ['file names', 'report.pdf is damaged', 'hand-book.docx is damaged'],
    ['mail addresses', 'no mailbox for a.b@example.com', 'no mailbox for c@example.org'],
    ['times', 'expired at 2026-11-20T10:15:00.000Z', 'expired at 2025-01-02T03:04:05Z'],
  ])('whatever the %s', (_what, one, another) => {
    expect(shapeOf(one)).toBe(shapeOf(another));
    expect(of(one)).toBe(of(another));
  });
});

describe('failures of different causes do not', () => {
  it.each([
    ['message', of('denied'), of('not found')],
    ['code', of('gone'), of('gone', 'source.not_found')],
    ['type', of('gone'), of('gone', undefined, 'images.index')],
  ])('by their %s', (_what, one, another) => {
    expect(one).not.toBe(another);
  });
});
