import { expect, it } from 'vitest';
import { attachment } from './content-disposition.js';

it.each([
  ['report.pdf', `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`],
  ['a b.pdf', `attachment; filename="a b.pdf"; filename*=UTF-8''a%20b.pdf`],
  [
    'Öl & 東京.pdf',
    `attachment; filename="_l & __.pdf"; filename*=UTF-8''%C3%96l%20%26%20%E6%9D%B1%E4%BA%AC.pdf`,
  ],
  [
    'x"; a="b\r\nSet-Cookie: y',
    `attachment; filename="x_; a=_b__Set-Cookie: y"; filename*=UTF-8''x_%3B%20a%3D_b__Set-Cookie%3A%20y`,
  ],
  ['../../etc/passwd', `attachment; filename=".._.._etc_passwd"; filename*=UTF-8''.._.._etc_passwd`],
  ["100% (it's).pdf", `attachment; filename="100_ (it's).pdf"; filename*=UTF-8''100%25%20%28it%27s%29.pdf`],
  ['\ud83d', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
  ['', `attachment; filename="file"; filename*=UTF-8''file`],
])('%j is saved as %s', (name, header) => {
  expect(attachment(name)).toBe(header);
});

it('cuts a name that no disk would take', () => {
  expect(attachment('😀'.repeat(5_000)).length).toBeLessThan(2_000);
});
