import { docxFile, escapeXml, odtFile, rtfFile, rtfText } from './office-files.js';

/** A document as its author thinks of it; the writers below put it into kinds of files. */
export interface Story {
  header?: string;
  footer?: string;
  parts: StoryPart[];
}

export type StoryPart =
  | { heading: string; level: number }
  | { text: string; note?: string }
  | { items: StoryItem[]; counted?: boolean }
  | { rows: string[][] };

export interface StoryItem {
  text: string;
  items?: StoryItem[];
}

type Writers = {
  heading: (text: string, level: number) => string;
  text: (text: string, note?: string) => string;
  items: (items: readonly StoryItem[], counted: boolean, level: number) => string;
  rows: (rows: readonly string[][]) => string;
};

function write(parts: readonly StoryPart[], by: Writers): string {
  return parts
    .map((part) => {
      if ('heading' in part) return by.heading(part.heading, part.level);
      if ('text' in part) return by.text(part.text, part.note);
      if ('items' in part) return by.items(part.items, part.counted ?? false, 0);
      return by.rows(part.rows);
    })
    .join('\n');
}

/** HTML knows no notes and no margins. */
export function htmlStory({ parts }: Story): string {
  const items: Writers['items'] = (list, counted) => {
    const tag = counted ? 'ol' : 'ul';
    const each = list.map(
      ({ text, items: below }) => `<li>${escapeXml(text)}${below ? items(below, counted, 0) : ''}</li>`,
    );
    return `<${tag}>${each.join('')}</${tag}>`;
  };
  const body = write(parts, {
    heading: (text, level) => `<h${level}>${escapeXml(text)}</h${level}>`,
    text: (text) => `<p>${escapeXml(text).replaceAll('\n', '<br>')}</p>`,
    items,
    rows: (rows) =>
      `<table>${rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeXml(cell)}</td>`).join('')}</tr>`).join('')}</table>`,
  });
  return `<!doctype html><html><head><meta charset="utf-8"></head><body>${body}</body></html>`;
}

const docxRun = (text: string) =>
  escapeXml(text)
    .split('\n')
    .map((line) => `<w:r><w:t xml:space="preserve">${line}</w:t></w:r>`)
    .join('<w:r><w:br/></w:r>');
const docxParagraph = (text: string, properties = '', after = '') =>
  `<w:p><w:pPr>${properties}</w:pPr>${docxRun(text)}${after}</w:p>`;

export function docxStory({ header, footer, parts }: Story): Buffer {
  const notes: string[] = [];
  const items: Writers['items'] = (list, counted, level) =>
    list
      .map(({ text, items: below }) => {
        const numbering = `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="${counted ? 2 : 1}"/></w:numPr>`;
        return docxParagraph(text, numbering) + (below ? items(below, counted, level + 1) : '');
      })
      .join('');
  const body = write(parts, {
    heading: (text, level) => docxParagraph(text, `<w:pStyle w:val="Heading${level}"/>`),
    text: (text, note) =>
      docxParagraph(
        text,
        '',
        note === undefined ? '' : `<w:r><w:footnoteReference w:id="${notes.push(note)}"/></w:r>`,
      ),
    items,
    rows: (rows) =>
      `<w:tbl>${rows.map((row) => `<w:tr>${row.map((cell) => `<w:tc>${docxParagraph(cell)}</w:tc>`).join('')}</w:tr>`).join('')}</w:tbl>`,
  });
  const levels = (format: string, label: (level: number) => string) =>
    [0, 1, 2]
      .map(
        (level) =>
          `<w:lvl w:ilvl="${level}"><w:start w:val="1"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${label(level)}"/></w:lvl>`,
      )
      .join('');
  return docxFile({
    body,
    numbering:
      `<w:abstractNum w:abstractNumId="1">${levels('bullet', () => '•')}</w:abstractNum>` +
      `<w:abstractNum w:abstractNumId="2">${levels('decimal', (level) => `%${level + 1}.`)}</w:abstractNum>` +
      [1, 2].map((id) => `<w:num w:numId="${id}"><w:abstractNumId w:val="${id}"/></w:num>`).join(''),
    footnotes: notes
      .map((note, at) => `<w:footnote w:id="${at + 1}">${docxParagraph(note)}</w:footnote>`)
      .join(''),
    ...(header === undefined ? {} : { header: docxParagraph(header) }),
    ...(footer === undefined ? {} : { footer: docxParagraph(footer) }),
  });
}

const odtText = (text: string) => escapeXml(text).replaceAll('\n', '<text:line-break/>');
const odtParagraph = (text: string) => `<text:p>${odtText(text)}</text:p>`;

export function odtStory({ header, footer, parts }: Story): Buffer {
  const items: Writers['items'] = (list, counted, level) => {
    const each = list.map(
      ({ text, items: below }) =>
        `<text:list-item>${odtParagraph(text)}${below ? items(below, counted, level + 1) : ''}</text:list-item>`,
    );
    const style = level === 0 ? ` text:style-name="${counted ? 'counted' : 'bullets'}"` : '';
    return `<text:list${style}>${each.join('')}</text:list>`;
  };
  const note = (text: string) =>
    `<text:note text:note-class="footnote"><text:note-citation>*</text:note-citation><text:note-body>${odtParagraph(text)}</text:note-body></text:note>`;
  const body = write(parts, {
    heading: (text, level) => `<text:h text:outline-level="${level}">${odtText(text)}</text:h>`,
    text: (text, noted) => `<text:p>${odtText(text)}${noted === undefined ? '' : note(noted)}</text:p>`,
    items,
    rows: (rows) =>
      `<table:table>${rows.map((row) => `<table:table-row>${row.map((cell) => `<table:table-cell>${odtParagraph(cell)}</table:table-cell>`).join('')}</table:table-row>`).join('')}</table:table>`,
  });
  const counted = [1, 2, 3].map(
    (level) =>
      `<text:list-level-style-number text:level="${level}" style:num-format="1" style:num-suffix="."/>`,
  );
  const margin = (where: string, text?: string) =>
    text === undefined ? '' : `<style:${where}>${odtParagraph(text)}</style:${where}>`;
  return odtFile({
    body,
    automaticStyles: `<text:list-style style:name="bullets"><text:list-level-style-bullet text:level="1"/></text:list-style><text:list-style style:name="counted">${counted.join('')}</text:list-style>`,
    masterPage: margin('header', header) + margin('footer', footer),
  });
}

export function rtfStory({ header, footer, parts }: Story): Buffer {
  const inline = (text: string) => rtfText(text).replaceAll('\n', '\\line ');
  const items: Writers['items'] = (list, counted, level) =>
    list
      .map(({ text, items: below }, at) => {
        const label = counted ? `${at + 1}.` : '\\bullet ';
        const item = `\\pard\\ls1\\ilvl${level}{\\listtext ${label}\\tab}${inline(text)}\\par`;
        return [item, below ? items(below, counted, level + 1) : ''].join('\n');
      })
      .join('\n');
  const body = write(parts, {
    heading: (text, level) => `\\pard\\s${level} ${inline(text)}\\par`,
    text: (text, note) =>
      `\\pard ${inline(text)}${note === undefined ? '' : `{\\super\\chftn{\\footnote\\pard\\chftn ${inline(note)}}}`}\\par`,
    items,
    rows: (rows) =>
      rows
        .map((row) => `\\trowd${row.map((cell) => `\\pard\\intbl ${inline(cell)}\\cell`).join('')}\\row`)
        .join('\n'),
  });
  const styles = [1, 2, 3].map((level) => `{\\s${level} heading ${level};}`).join('');
  const margin = (where: string, text?: string) =>
    text === undefined ? '' : `{\\${where}\\pard ${inline(text)}\\par}`;
  return rtfFile(
    body,
    `{\\stylesheet{\\s0 Normal;}${styles}}${margin('header', header)}${margin('footer', footer)}`,
  );
}
