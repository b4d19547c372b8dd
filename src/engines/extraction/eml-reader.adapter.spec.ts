import { expect, it } from 'vitest';
import { extractBytes, textOf } from '../../../test/support/extract-bytes.js';

const MAIL = `Message-ID: <1@example.com>
From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>
To: Team: a@example.com, B <b@example.com>;
Date: Mon, 1 Jun 2026 10:00:00 +0200
Subject: =?utf-8?b?xb5pdMOh?= tiles
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--y
Content-Type: text/html

<p>HTML instead</p>
--y--
--x
Content-Type: application/pdf; name="plan.pdf"
Content-Disposition: attachment; filename="plan.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--x--
`;

it('reads headers, the plain body and the names of attachments', async () => {
  const document = await extractBytes('mail.eml', MAIL);
  expect(document.contentType).toBe('message/rfc822');
  expect(document.title).toBe('žitá tiles');
  expect(document.pages[0].text).toBe(
    'Subject: žitá tiles\nFrom: Jürgen <j@example.com>\nTo: a@example.com, B <b@example.com>\n' +
      'Date: 2026-06-01T08:00:00.000Z\nAttachments: plan.pdf\n\nGrüße',
  );
  expect(document.warnings).toEqual([expect.objectContaining({ code: 'document.attachment_skipped' })]);
  expect(document.metadata).toMatchObject({ from: 'Jürgen <j@example.com>', attachments: 'plan.pdf' });
});

it('reads the HTML body when there is no other', async () => {
  const mail =
    'From: a@example.com\nMIME-Version: 1.0\nContent-Type: text/html\n\n<h2>Offer</h2><p>10 &euro;</p>';
  const document = await extractBytes('mail.eml', mail);
  expect(document.pages[0].text).toBe('From: a@example.com\n\n## Offer\n\n10 €');
});

const part = (headers: string, body: string) => `${headers}\n\n${body}\n`;
const multipart = (kind: string, boundary: string, ...parts: string[]) =>
  part(
    `Content-Type: multipart/${kind}; boundary=${boundary}`,
    `${parts.map((each) => `--${boundary}\n${each}`).join('')}--${boundary}--`,
  );
const HEAD = 'From: a@example.com\nMIME-Version: 1.0\n';
const bodyOf = async (mail: string | Uint8Array) =>
  (await textOf('mail.eml', mail)).replace(/^From: a@example\.com\n(Attachments: .*\n)?\n/, '');

it('finds the text in parts within parts, and names every attachment that it skips', async () => {
  const picture = part(
    'Content-Type: image/png; name="logo.png"\nContent-ID: <logo>\nContent-Disposition: inline; filename="logo.png"\nContent-Transfer-Encoding: base64',
    'iVBORw0=',
  );
  const sheet = part(
    "Content-Type: application/octet-stream\nContent-Disposition: attachment; filename*=UTF-8''Angebot%20%E2%82%AC.xlsx\nContent-Transfer-Encoding: base64",
    'UEsDBA==',
  );
  const mail =
    HEAD +
    multipart(
      'mixed',
      'm',
      multipart(
        'related',
        'r',
        multipart(
          'alternative',
          'a',
          part('Content-Type: text/plain', 'The plain text'),
          part('Content-Type: text/html', '<p>HTML</p>'),
        ),
        picture,
      ),
      sheet,
    );
  const document = await extractBytes('mail.eml', mail);
  expect(document.pages[0]?.text).toBe('From: a@example.com\nAttachments: Angebot €.xlsx\n\nThe plain text');
  expect(document.warnings).toEqual([
    { code: 'document.attachment_skipped', detail: expect.stringContaining('Angebot €.xlsx') },
  ]);
});

it('decodes every transfer encoding and character set', async () => {
  const text = (charset: string, encoding: string, body: string | Buffer) =>
    Buffer.concat([
      Buffer.from(
        `${HEAD}Content-Type: text/plain; charset=${charset}\nContent-Transfer-Encoding: ${encoding}\n\n`,
      ),
      Buffer.from(body),
    ]);
  expect(await bodyOf(text('utf-8', 'base64', Buffer.from('Žluťoučký 😀 東京').toString('base64')))).toBe(
    'Žluťoučký 😀 東京',
  );
  expect(await bodyOf(text('utf-8', 'quoted-printable', 'a long=\n line =E2=82=AC =3D 1'))).toBe(
    'a long line € = 1',
  );
  expect(await bodyOf(text('koi8-r', '8bit', Buffer.from([0xf0, 0xd2, 0xc9])))).toBe('При');
  expect(await bodyOf(text('iso-2022-jp', '7bit', '\u001b$BEl5~\u001b(B'))).toBe('東京');
  expect(await bodyOf(text('windows-1255', '8bit', Buffer.from([0xf9, 0xec, 0xe5, 0xed])))).toBe('שלום');
  expect(await bodyOf(text('windows-1252', 'quoted-printable', '=93so=94 =80'))).toBe('“so” €');
  const subject = `From: =?windows-1252?q?Jos=E9_=96_Delft?= <a@example.com>\nMIME-Version: 1.0\nSubject: =?windows-1252?q?=8012?=\n\nx`;
  expect(await textOf('mail.eml', subject)).toBe('Subject: €12\nFrom: José – Delft <a@example.com>\n\nx');
});

it('reads HTML with its lists, tables and right-to-left text as a page of HTML', async () => {
  const html = '<ol><li>One<li>Two</ol><table><tr><td>a<td>b</table><p dir="rtl">مرحبا <b>بالعالم</b></p>';
  expect(await bodyOf(`${HEAD}Content-Type: text/html; charset=utf-8\n\n${html}`)).toBe(
    '1. One\n2. Two\n\na | b\n\nمرحبا بالعالم',
  );
});

it('reads a mail without a body', async () => {
  expect(await textOf('mail.eml', `${HEAD}Subject: Nothing\n\n`)).toBe(
    'Subject: Nothing\nFrom: a@example.com',
  );
});
