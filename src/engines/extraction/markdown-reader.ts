import { onePage, type ReadDocument, type SniffedFile } from './document-reader.js';
import { tableRow } from './plain-text.js';

const FENCE = /^ {0,3}(```|~~~)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const UNDERLINE = /^ {0,3}(=+|-{2,})\s*$/;
const TABLE_LINE = /^\s*\|.*\|\s*$/;
const TABLE_RULE = /^[\s|:-]+$/;
/** Lines that an underline of dashes below does not make a heading. */
const NO_PARAGRAPH = /^\s*([-*+>|#]|\d+[.)])/;

/** Markdown keeps its text; headings of both styles start with `#`s and rows of tables lose their outer bars. */
export function readMarkdown({ text }: SniffedFile): ReadDocument {
  const lines = plainLines(withoutFrontMatter(text.split(/\r\n?|\n/)));
  const title = lines.map((line) => HEADING.exec(line)?.[2]).find(Boolean);
  return { pages: onePage(lines.join('\n')), title };
}

function withoutFrontMatter(lines: string[]): string[] {
  const opens = lines[0] === '---' && /^[\w-]+\s*:/.test(lines[1] ?? '');
  const end = opens ? lines.indexOf('---', 1) : -1;
  return lines.slice(end + 1);
}

function plainLines(lines: readonly string[]): string[] {
  const out: string[] = [];
  let fenced = false;
  for (const line of lines) {
    if (FENCE.test(line)) fenced = !fenced;
    const above = out.at(-1) ?? '';
    if (fenced) out.push(line);
    else if (UNDERLINE.test(line) && above.trim() && !NO_PARAGRAPH.test(above)) {
      out[out.length - 1] = `${line.includes('=') ? '#' : '##'} ${above.trim()}`;
    } else if (!TABLE_LINE.test(line)) out.push(line);
    else if (!TABLE_RULE.test(line)) out.push(tableRow(line.trim().slice(1, -1).split('|')));
  }
  return out;
}
