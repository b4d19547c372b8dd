import { expect, it } from 'vitest';
import { extractBytes } from '../../../test/support/extract-bytes.js';

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
