import { noteBlocks, type Block } from './document-blocks.js';
import { countAs, type NumberFormat } from './list-label.js';
import { elementAt, elementsOf, type XmlElement } from './xml-tree.adapter.js';

/** Said about the text, and no part of it. */
const ASIDE = new Set([
  'office:annotation',
  'office:annotation-end',
  'text:tracked-changes',
  'text:sequence-decls',
  'text:page-number',
  'text:page-count',
  'text:ruby-text',
  'text:hidden-text',
  'text:note-citation',
  'office:forms',
]);
/** What a file may say with one number is written out up to here. */
const MAX_REPEATS = 100;

/** The blocks of an OpenDocument text (OASIS OpenDocument 1.3, part 3, chapters 4 to 6). */
export class OdtBody {
  private readonly listStyles = new Map<string, XmlElement>();
  private readonly styles = new Map<string, XmlElement>();
  private readonly lastNumbers = new Map<string, number>();
  private readonly noted: Block[] = [];
  private noteCount = 0;

  /** @param parts where styles are defined; later ones win */
  constructor(parts: readonly (XmlElement | undefined)[]) {
    for (const part of parts)
      for (const group of elementsOf(part).filter(({ name }) => /^office:(automatic-)?styles$/.test(name)))
        for (const style of elementsOf(group)) {
          const name = style.attributes['style:name'] ?? '';
          if (style.name === 'text:list-style') this.listStyles.set(name, style);
          if (style.name === 'style:style')
            this.styles.set(`${style.attributes['style:family']} ${name}`, style);
        }
  }

  /** Footnotes and endnotes so far, under the numbers that stand where they belong. */
  notes(): Block[] {
    return this.noted;
  }

  blocksOf(parent: XmlElement): Block[] {
    return elementsOf(parent).flatMap((child): Block[] => {
      switch (child.name) {
        case 'text:h':
          return this.paragraphBlocks(child, (text) => ({
            kind: 'heading',
            level: Number(child.attributes['text:outline-level'] ?? 1),
            text,
          }));
        case 'text:p':
          return this.paragraphBlocks(child, (text) =>
            this.isTitle(child) ? { kind: 'heading', level: 1, text } : { kind: 'paragraph', text },
          );
        case 'text:list':
          return this.listBlocks(child, 0, '');
        case 'table:table':
          return [this.tableBlock(child)];
        default:
          return ASIDE.has(child.name) ? [] : this.blocksOf(child);
      }
    });
  }

  /** A paragraph, and after it what floats in frames anchored to it. */
  private paragraphBlocks(paragraph: XmlElement, block: (text: string) => Block): Block[] {
    const frames: Block[] = [];
    const text = this.inlineText(paragraph, frames).replace(/ *\n */g, '\n');
    return [block(text), ...frames];
  }

  private isTitle({ attributes }: XmlElement): boolean {
    const name = attributes['text:style-name'] ?? '';
    const parent = this.styles.get(`paragraph ${name}`)?.attributes['style:parent-style-name'];
    return name === 'Title' || parent === 'Title';
  }

  /** Runs of white space are one blank; blanks, tabs and lines that are meant have elements of their own. */
  private inlineText(parent: XmlElement, frames: Block[]): string {
    return parent.children
      .map((child): string => {
        if (typeof child === 'string') return child.replace(/[ \t\r\n]+/g, ' ');
        if (ASIDE.has(child.name) || this.isHidden(child)) return '';
        switch (child.name) {
          case 'text:s':
            return ' '.repeat(Math.min(Number(child.attributes['text:c'] ?? 1) || 1, MAX_REPEATS));
          case 'text:tab':
            return '\t';
          case 'text:line-break':
            return '\n';
          case 'text:note':
            return this.note(child);
          case 'draw:text-box':
            frames.push(...this.blocksOf(child));
            return '';
          case 'svg:title':
          case 'svg:desc':
          case 'draw:object':
            return '';
          default:
            return this.inlineText(child, frames);
        }
      })
      .join('');
  }

  private isHidden({ name, attributes }: XmlElement): boolean {
    const style = name === 'text:span' && this.styles.get(`text ${attributes['text:style-name']}`);
    return (
      Boolean(style) &&
      elementAt(style || undefined, 'style:text-properties')?.attributes['text:display'] === 'none'
    );
  }

  private note(note: XmlElement): string {
    this.noteCount += 1;
    const mark = `[${this.noteCount}]`;
    const body = elementsOf(note, 'text:note-body').flatMap((part) => this.blocksOf(part));
    this.noted.push(...noteBlocks(mark, body));
    return mark;
  }

  /** @param inherited the list style of the list around this one */
  private listBlocks(list: XmlElement, level: number, inherited: string): Block[] {
    const style = list.attributes['text:style-name'] ?? inherited;
    const numbering = this.numberingOf(style, level);
    const key = `${style} ${level}`;
    const continues =
      list.attributes['text:continue-numbering'] === 'true' || list.attributes['text:continue-list'];
    let number = continues
      ? (this.lastNumbers.get(key) ?? 0)
      : Number(numbering?.attributes['text:start-value'] ?? 1) - 1;
    return elementsOf(list).flatMap((item): Block[] => {
      const counts = item.name === 'text:list-item' && elementsOf(item)[0]?.name !== 'text:list';
      number = Number(item.attributes['text:start-value'] ?? number + (counts ? 1 : 0));
      this.lastNumbers.set(key, number);
      return this.itemBlocks(item, level, style, counts ? labelOf(numbering, number) : '');
    });
  }

  /** The first paragraph carries the marker, those after it stand below. */
  private itemBlocks(item: XmlElement, level: number, style: string, marker: string): Block[] {
    let open = marker;
    return elementsOf(item).flatMap((child): Block[] => {
      if (child.name === 'text:list') return this.listBlocks(child, level + 1, style);
      return this.blocksOf({ ...item, children: [child] }).map((block): Block => {
        if (!open || block.kind !== 'paragraph' || !block.text.trim()) return block;
        const carried: Block = { kind: 'item', level, marker: open, text: block.text };
        open = '';
        return carried;
      });
    });
  }

  /** The definition of a level that counts; none for one with bullets. */
  private numberingOf(style: string, level: number): XmlElement | undefined {
    return elementsOf(this.listStyles.get(style), 'text:list-level-style-number').find(
      ({ attributes }) => attributes['text:level'] === String(level + 1) && attributes['style:num-format'],
    );
  }

  private tableBlock(table: XmlElement): Block {
    const rows = rowsOf(table).flatMap((row) => {
      const cells = elementsOf(row)
        .filter(({ name }) => name === 'table:table-cell' || name === 'table:covered-table-cell')
        .flatMap((cell) => repeated(cell, 'table:number-columns-repeated', this.blocksOf(cell)));
      return repeated(row, 'table:number-rows-repeated', cells);
    });
    return { kind: 'table', rows };
  }
}

/** Rows stand in the table or in groups of it; a table inside of a cell has its own. */
function rowsOf(table: XmlElement): XmlElement[] {
  return elementsOf(table).flatMap((child) => {
    if (child.name === 'table:table-row') return [child];
    return /^table:table-(header-rows|rows|row-group)$/.test(child.name) ? rowsOf(child) : [];
  });
}

function repeated<T>({ attributes }: XmlElement, attribute: string, value: T[]): T[][] {
  const times = Math.min(Number(attributes[attribute] ?? 1) || 1, value.length > 0 ? MAX_REPEATS : 1);
  return Array.from({ length: times }, () => value);
}

/** The number of an item as its level writes it, or a bullet. */
function labelOf(level: XmlElement | undefined, count: number): string {
  if (!level) return '-';
  const attribute = (name: string) => level.attributes[`style:num-${name}`] ?? '';
  return attribute('prefix') + countAs(attribute('format') as NumberFormat, count) + attribute('suffix');
}
