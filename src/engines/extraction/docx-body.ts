import { noteBlocks, type Block } from './document-blocks.js';
import type { DocxNumbering } from './docx-numbering.js';
import type { DocxStyles } from './docx-styles.js';
import { descendantsOf, elementAt, elementsOf, textWithin, type XmlElement } from './xml-tree.adapter.js';

/** Said about the text, deleted from it, or for readers of old. */
const ASIDE = new Set([
  'w:del',
  'w:moveFrom',
  'w:instrText',
  'w:delText',
  'w:rPr',
  'w:pPr',
  'w:rt',
  'w:sdtPr',
  'mc:Fallback',
]);
const CHARACTERS: Record<string, string | undefined> = {
  'w:tab': '\t',
  'w:ptab': '\t',
  'w:br': '\n',
  'w:cr': '\n',
  'w:noBreakHyphen': '\u2011',
};
const PAGE_FIELD = /^\s*(PAGE|NUMPAGES|SECTIONPAGES)\b/i;
const MAX_SPAN = 100;

export interface DocxParts {
  styles: DocxStyles;
  numbering: DocxNumbering;
  /** Notes by `footnote 2` and `endnote 1`. */
  notes: ReadonlyMap<string, XmlElement>;
}

/** The blocks of a Word document (ECMA-376, part 1, chapter 17). */
export class DocxBody {
  private readonly noted: Block[] = [];
  private noteCount = 0;
  /** Fields that have begun and not ended, and whether their result is shown. */
  private readonly fields: { instruction: string; shown: boolean }[] = [];

  constructor(private readonly parts: DocxParts) {}

  /** Footnotes and endnotes so far, under the numbers that stand where they belong. */
  notes(): Block[] {
    return this.noted;
  }

  blocksOf(parent: XmlElement | undefined): Block[] {
    return elementsOf(parent).flatMap((child): Block[] => {
      if (child.name === 'w:p') return this.paragraphBlocks(child);
      if (child.name === 'w:tbl') return [this.tableBlock(child)];
      return ASIDE.has(child.name) ? [] : this.blocksOf(child);
    });
  }

  /** A paragraph, and after it the text boxes anchored to it. */
  private paragraphBlocks(paragraph: XmlElement): Block[] {
    const boxes: Block[] = [];
    const text = this.inlineText(paragraph, boxes);
    return [this.paragraphBlock(paragraph, text), ...boxes];
  }

  private paragraphBlock(paragraph: XmlElement, text: string): Block {
    const { styles, numbering } = this.parts;
    const level = styles.headingLevel(paragraph);
    if (level > 0) return { kind: 'heading', level, text };
    const list = text.trim() ? styles.listOf(paragraph) : undefined;
    const marker = list ? numbering.next(list.id, list.level) : '';
    return list && marker ? { kind: 'item', level: list.level, marker, text } : { kind: 'paragraph', text };
  }

  private inlineText(parent: XmlElement, boxes: Block[]): string {
    return elementsOf(parent)
      .map((child) => (ASIDE.has(child.name) ? this.asideText(child) : this.inlineElement(child, boxes)))
      .join('');
  }

  /** An instruction says what its field is; nothing else beside the text matters. */
  private asideText(element: XmlElement): '' {
    const field = this.fields.at(-1);
    if (element.name === 'w:instrText' && field) field.instruction += textWithin(element);
    return '';
  }

  private inlineElement(child: XmlElement, boxes: Block[]): string {
    switch (child.name) {
      case 'w:t':
      case 'm:t':
        return this.fields.every(({ shown }) => shown) ? textWithin(child) : '';
      case 'w:r':
        return isHidden(child) ? '' : this.inlineText(child, boxes);
      case 'w:fldChar':
        return this.followField(child.attributes['w:fldCharType']);
      case 'w:fldSimple':
        return PAGE_FIELD.test(child.attributes['w:instr'] ?? '') ? '' : this.inlineText(child, boxes);
      case 'w:footnoteReference':
      case 'w:endnoteReference':
        return this.note(`${child.name.slice(2, -'Reference'.length)} ${child.attributes['w:id']}`);
      case 'w:txbxContent':
        boxes.push(...this.blocksOf(child));
        return '';
      default:
        return CHARACTERS[child.name] ?? this.inlineText(child, boxes);
    }
  }

  private followField(type: string | undefined): '' {
    const field = this.fields.at(-1);
    if (type === 'begin') this.fields.push({ instruction: '', shown: true });
    else if (type === 'separate' && field) field.shown = !PAGE_FIELD.test(field.instruction);
    else if (type === 'end') this.fields.pop();
    return '';
  }

  private note(key: string): string {
    const note = this.parts.notes.get(key);
    if (!note) return '';
    this.noteCount += 1;
    const mark = `[${this.noteCount}]`;
    this.noted.push(...noteBlocks(mark, this.blocksOf(note)));
    return mark;
  }

  private tableBlock(table: XmlElement): Block {
    const rows = partsOf(table, 'w:tr')
      .filter((row) => !elementAt(row, 'w:trPr', 'w:del'))
      .map((row) => partsOf(row, 'w:tc').flatMap((cell) => [this.blocksOf(cell), ...coveredBy(cell)]));
    return { kind: 'table', rows };
  }
}

/** Rows and cells may stand in content controls. */
function partsOf(parent: XmlElement, name: string): XmlElement[] {
  return elementsOf(parent).flatMap((child) => {
    if (child.name === name) return [child];
    return ['w:sdt', 'w:sdtContent', 'w:customXml', 'w:ins'].includes(child.name) ? partsOf(child, name) : [];
  });
}

/** The empty cells below a cell that spans columns. */
function coveredBy(cell: XmlElement): Block[][] {
  const span = Number(elementAt(cell, 'w:tcPr', 'w:gridSpan')?.attributes['w:val'] ?? 1) || 1;
  return Array.from({ length: Math.min(Math.max(span, 1), MAX_SPAN) - 1 }, () => []);
}

function isHidden(run: XmlElement): boolean {
  const vanish = elementAt(run, 'w:rPr', 'w:vanish');
  return vanish !== undefined && !['0', 'false', 'off'].includes(vanish.attributes['w:val'] ?? '');
}

/** The parts that sections refer to as their headers or footers. */
export function marginsOf(document: XmlElement, where: 'header' | 'footer'): string[] {
  return descendantsOf(document, `w:${where}Reference`).map(({ attributes }) => attributes['r:id'] ?? '');
}
