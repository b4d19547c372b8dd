const BOUNDARY = 'delft-lane-7f3a9c';
const MAX_LINE = 76;

/** An internet message (RFC 5322, MIME) with a quoted-printable text and one attachment. */
export function toEml({ from, to, subject, date, text, attachment }) {
  const lines = [
    `From: ${mailbox(from)}`,
    `To: ${mailbox(to)}`,
    `Subject: ${encodedWords(subject)}`,
    `Date: ${date}`,
    'Message-ID: <20260516091244.88213@quintao-ceramics.example>',
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    '',
    `--${BOUNDARY}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    ...text.split('\n').flatMap(quotedPrintable),
    `--${BOUNDARY}`,
    `Content-Type: ${attachment.type}; name="${attachment.name}"`,
    `Content-Disposition: attachment; filename="${attachment.name}"`,
    'Content-Transfer-Encoding: base64',
    '',
    ...Buffer.from(attachment.text).toString('base64').match(/.{1,76}/g),
    `--${BOUNDARY}--`,
    '',
  ];
  return lines.join('\r\n');
}

const mailbox = ([name, address]) => `${encodedWords(name)} <${address}>`;

/** RFC 2047: words of at most 75 characters, folded. */
function encodedWords(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words = [''];
  for (const letter of text) {
    const code = letter === ' ' ? '_' : hex(letter, /[A-Za-z0-9]/);
    if (words.at(-1).length + code.length > 60) words.push('');
    words[words.length - 1] += code;
  }
  return words.map((word) => `=?utf-8?Q?${word}?=`).join('\r\n ');
}

/** RFC 2045, 6.7: one line of text as lines of at most 76 characters, joined by soft breaks. */
function quotedPrintable(line) {
  const lines = [''];
  for (const letter of line) {
    const code = hex(letter, /[\t\x20-\x3c\x3e-\x7e]/);
    if (lines.at(-1).length + code.length >= MAX_LINE) {
      lines[lines.length - 1] += '=';
      lines.push('');
    }
    lines[lines.length - 1] += code;
  }
  return lines;
}

function hex(letter, plain) {
  if (plain.test(letter)) return letter;
  return Array.from(Buffer.from(letter), (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
