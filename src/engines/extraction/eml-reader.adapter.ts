import PostalMime, { type Address, type Email } from 'postal-mime';
import { onePage, type ReadDocument, type SniffedFile } from './document-reader.js';
import { htmlToText } from './html-reader.adapter.js';
import { withoutControls } from './text-encoding.js';

/** A mail: its headers, its body as text, and the names of what is attached; attachments are not read. */
export async function readEml({ bytes }: SniffedFile): Promise<ReadDocument> {
  const mail = await PostalMime.parse(bytes);
  const headers = headersOf(mail);
  const attachments = mail.attachments
    .filter(({ related }) => !related)
    .map(({ filename, mimeType }) => withoutControls(filename ?? mimeType));
  const lines = Object.entries(headers).flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
  if (attachments.length > 0) lines.push(`Attachments: ${attachments.join(', ')}`);
  return {
    pages: onePage(`${lines.join('\n')}\n\n${bodyOf(mail)}`),
    title: headers.Subject,
    metadata: {
      from: headers.From,
      to: headers.To,
      cc: headers.Cc,
      date: headers.Date,
      attachments: attachments.join(', '),
    },
    warnings: attachments.map((name) => ({
      code: 'document.attachment_skipped',
      detail: `The attachment ${name.slice(0, 200)} was not read; submit it as a document of its own.`,
    })),
  };
}

function headersOf({ subject, from, to, cc, date }: Email) {
  return {
    Subject: subject && withoutControls(subject),
    From: addresses(from && [from]),
    To: addresses(to),
    Cc: addresses(cc),
    Date: date,
  };
}

function addresses(list: readonly Address[] | undefined): string | undefined {
  return list
    ?.flatMap((entry) => entry.group ?? [entry])
    .map(({ name, address }) => (name ? `${withoutControls(name)} <${address}>` : address))
    .join(', ');
}

/** The plain body where there is one: it is what the sender's program made of the other. */
function bodyOf({ text, html }: Email): string {
  return text?.trim() ? withoutControls(text) : htmlToText(withoutControls(html ?? ''));
}
