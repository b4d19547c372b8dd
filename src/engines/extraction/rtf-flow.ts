import type { Block } from './document-blocks.js';
import type { FlowKind } from './rtf-words.js';

/** How the paragraph that ends is formatted. */
export interface ParagraphFormat {
  /** 1 to 9; 0 for body text. */
  heading: number;
  /** How many tables it stands in. */
  tables: number;
  listed: boolean;
  listLevel: number;
}

/** Rows of a table that is still being read. */
class OpenTable {
  private rows: Block[][][] = [];
  private row: Block[][] = [];
  cell: Block[] = [];

  endCell(): void {
    this.row.push(this.cell);
    this.cell = [];
  }

  endRow(): void {
    if (this.row.length > 0) this.rows.push(this.row);
    this.row = [];
  }

  /** What there is of the table, and an end of it. */
  take(): Block[] {
    if (this.cell.length > 0) this.endCell();
    this.endRow();
    const { rows } = this;
    this.rows = [];
    return rows.length > 0 ? [{ kind: 'table', rows }] : [];
  }
}

/** A run of paragraphs that is read from its beginning to its end: the body, a note, a header, a text box. */
export class RtfFlow {
  private readonly done: Block[] = [];
  private readonly table = new OpenTable();
  private readonly inner = new OpenTable();
  private floating: Block[] = [];
  private text = '';
  private marker = '';

  constructor(readonly kind: FlowKind | 'body') {}

  add(text: string): void {
    this.text += text;
  }

  /** What a reader sees before a list item: a bullet, or its number. */
  mark(label: string): void {
    this.marker = /[\p{L}\p{N}]/u.test(label) ? label.trim() : '-';
  }

  /** Blocks that stand beside the paragraph that is being read, and are told after it. */
  float(blocks: readonly Block[]): void {
    this.floating.push(...blocks);
  }

  endParagraph(format: ParagraphFormat): void {
    const blocks = [...this.takeParagraph(format), ...this.floating];
    this.floating = [];
    if (format.tables === 0) this.done.push(...this.table.take(), ...blocks);
    else if (format.tables === 1) this.table.cell.push(...this.inner.take(), ...blocks);
    else this.inner.cell.push(...blocks);
  }

  endCell(format: ParagraphFormat): void {
    this.endParagraph({ ...format, tables: 1 });
    this.table.endCell();
  }

  endInnerCell(format: ParagraphFormat): void {
    this.endParagraph({ ...format, tables: 2 });
    this.inner.endCell();
  }

  endRow(): void {
    this.table.endRow();
  }

  endInnerRow(): void {
    this.inner.endRow();
  }

  /** Everything there is, also when the last paragraph was not ended. */
  end(format: ParagraphFormat): Block[] {
    if (this.text.trim() || this.floating.length > 0) this.endParagraph(format);
    return [...this.done, ...this.table.take(), ...this.inner.take()];
  }

  private takeParagraph({ heading, listed, listLevel }: ParagraphFormat): Block[] {
    const { text } = this;
    const marker = this.marker || (listed ? '-' : '');
    this.text = '';
    this.marker = '';
    if (!text.trim()) return [];
    if (heading > 0) return [{ kind: 'heading', level: heading, text }];
    if (!marker) return [{ kind: 'paragraph', text }];
    return [{ kind: 'item', level: Math.min(Math.max(listLevel, 0), 8), marker, text }];
  }
}
