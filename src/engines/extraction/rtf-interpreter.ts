import { Fault } from '../../kernel/fault.js';
import { eachOnce, noteBlocks, type Block } from './document-blocks.js';
import type { TextBudget } from './document-reader.js';
import { CODE_PAGE_OF_CHARSET, decodeCodePage } from './rtf-code-pages.js';
import { RtfFlow } from './rtf-flow.js';
import { headingLevel, outermostGroup, paragraphFormat, PROPERTIES, type RtfGroup } from './rtf-group.js';
import type { RtfToken } from './rtf-tokens.js';
import { CHARACTERS, DESTINATIONS, type Destination, type FlowKind } from './rtf-words.js';

/** No program nests deeper; each level costs memory. */
const MAX_GROUPS = 10_000;
const PAGE_FIELD = /^\s*(PAGE|NUMPAGES|SECTIONPAGES)\b/i;
const DOCUMENT_CODE_PAGES: Record<string, number | undefined> = { ansi: 1252, mac: 10000, pc: 437, pca: 850 };
const TIME_PARTS = ['yr', 'mo', 'dy', 'hr', 'min'];

export interface RtfDocument {
  blocks: Block[];
  facts: ReadonlyMap<string, string>;
}

/** Follows an RTF file token by token and keeps what a reader of it would see (RTF 1.9.1). */
export class RtfInterpreter {
  private readonly body = new RtfFlow('body');
  private readonly outer: RtfGroup[] = [];
  private group = outermostGroup(this.body);
  private readonly fonts = new Map<number, number>();
  private readonly headings = new Map<number, number>();
  private readonly facts = new Map<string, string>();
  private readonly beside: Record<'header' | 'footer', Block[][]> = { header: [], footer: [] };
  private readonly notes: Block[] = [];
  private noteCount = 0;
  private codePage = 1252;
  private defaultFont = 0;
  private pending: Buffer[] = [];
  private toSkip = 0;
  /** The outermost group has ended; what follows is not the document's. */
  isOver = false;

  constructor(private readonly budget: TextBudget) {}

  /** @throws Fault document.too_large */
  take(token: RtfToken): void {
    if (token.kind === 'bytes') return this.takeBytes(token.bytes, token.escaped);
    if (token.kind === 'word' && this.toSkip > 0 && token.name !== 'u') {
      this.toSkip -= 1;
      return;
    }
    this.flush();
    if (token.kind === 'word') return this.takeWord(token.name, token.value);
    if (token.kind === 'symbol') return this.takeSymbol(token.symbol);
    this.toSkip = 0;
    if (token.kind === 'open') this.open();
    else this.close();
  }

  /** @throws Error when the file stops before its end */
  end(): RtfDocument {
    if (!this.isOver) throw new Error('the outermost group does not end');
    const blocks = this.body.end(paragraphFormat(this.group, this.headings));
    const [header, footer] = [eachOnce(this.beside.header), eachOnce(this.beside.footer)];
    return { blocks: [...header, ...blocks, ...this.notes, ...footer], facts: this.facts };
  }

  private open(): void {
    if (this.outer.push(this.group) > MAX_GROUPS)
      throw new Fault('document.too_large', 'The document is nested too deeply.');
    this.group = { ...this.group, fresh: true, ignorable: false };
    if (this.group.destination === 'styles') this.group.collected = { text: '' };
  }

  private close(): void {
    const ended = this.group;
    const around = this.outer.pop();
    if (!around) return;
    if (ended.flow !== around.flow) this.endFlow(ended, around.flow);
    else if (ended.collected !== around.collected) this.endCollected(ended);
    this.group = around;
    this.isOver = this.outer.length === 0;
  }

  private takeBytes(bytes: Buffer, escaped: boolean): void {
    if (this.group.destination === 'skip') return;
    const skipped = Math.min(this.toSkip, bytes.length);
    this.toSkip -= skipped;
    if (skipped < bytes.length) this.pending.push(bytes.subarray(skipped));
    if (escaped) this.group.fresh = false;
  }

  /** Bytes are decoded together: a character may take two, and each be written in its own way. */
  private flush(): void {
    if (this.pending.length === 0) return;
    const bytes = Buffer.concat(this.pending);
    this.pending = [];
    const { font } = this.group;
    const codePage = this.fonts.get(font < 0 ? this.defaultFont : font) ?? this.codePage;
    this.say(decodeCodePage(bytes, codePage).replace(/[\r\n\0]/g, ''));
  }

  private say(text: string): void {
    const { destination, flow, collected, hidden } = this.group;
    if (!text || hidden || destination === 'skip' || destination === 'twice') return;
    this.group.fresh = false;
    this.budget.spend(text);
    if (destination === 'text') flow.add(text);
    else collected.text += text;
  }

  private takeSymbol(symbol: string): void {
    if (symbol === '*') this.group.ignorable = true;
    else if (symbol === '~') this.say('\u00a0');
    else if (symbol === '_') this.say('\u2011');
    else if (symbol === '\t') this.say('\t');
    else if (symbol === '\n' || symbol === '\r') this.obey('par', undefined);
  }

  private takeWord(name: string, value: number | undefined): void {
    const { fresh, ignorable, destination } = this.group;
    this.group.fresh = false;
    if (destination === 'twice' && name === 'ud') return this.enterUnicode();
    if (destination === 'skip') return;
    const known = fresh ? (DESTINATIONS[name] ?? (ignorable ? 'skip' : undefined)) : undefined;
    if (known) return this.enter(known, name);
    const character = CHARACTERS[name];
    if (character === undefined) this.obey(name, value);
    else this.say(character);
  }

  private enter(destination: Destination, name: string): void {
    const { group } = this;
    if (
      destination === 'note' ||
      destination === 'header' ||
      destination === 'footer' ||
      destination === 'box'
    )
      return this.enterFlow(destination);
    if (destination === 'field') {
      group.about = { name: '' };
      return;
    }
    if (destination === 'result') {
      if (PAGE_FIELD.test(group.about.name)) group.destination = 'skip';
      return;
    }
    group.destination = destination;
    if (destination === 'text') return;
    group.collected = { text: '' };
    if (destination === 'fact') group.about = { name };
  }

  private enterFlow(kind: FlowKind): void {
    const { group } = this;
    if (kind === 'note') group.flow.add(`[${(this.noteCount += 1)}]`);
    group.flow = new RtfFlow(kind);
    group.destination = 'text';
    PROPERTIES.pard?.(group, undefined);
  }

  /** The second way of a text that is written twice goes where the whole was meant to go. */
  private enterUnicode(): void {
    const { destination = 'text', collected = { text: '' } } = this.outer.at(-2) ?? {};
    Object.assign(this.group, { destination, collected });
  }

  private endFlow(ended: RtfGroup, around: RtfFlow): void {
    const { kind } = ended.flow;
    const blocks = ended.flow.end(paragraphFormat(ended, this.headings));
    if (kind === 'box') around.float(blocks);
    if (kind === 'note') this.notes.push(...noteBlocks(`[${this.noteCount}]`, blocks));
    if (kind === 'header' || kind === 'footer') this.beside[kind].push(blocks);
  }

  private endCollected(ended: RtfGroup): void {
    const { destination, collected, about, flow, style } = ended;
    const level = destination === 'styles' ? headingLevel(ended) : undefined;
    if (level) this.headings.set(style, level);
    if (destination === 'label') flow.mark(collected.text);
    if (destination === 'instruction') about.name = collected.text;
    if (destination === 'fact' && collected.text.trim()) this.facts.set(about.name, collected.text.trim());
  }

  private obey(name: string, value: number | undefined): void {
    const { group } = this;
    const property = PROPERTIES[name];
    if (property) return property(group, value);
    if (name === 'u') return this.takeUnicode(value ?? 0);
    if (name === 'fcharset') return this.setFont(CODE_PAGE_OF_CHARSET[value ?? 0]);
    if (name === 'cpg') return this.setFont(value);
    if (name === 'ansicpg') this.codePage = value || this.codePage;
    else if (name === 'deff') this.defaultFont = value ?? 0;
    else if (TIME_PARTS.includes(name)) group.collected.text += timePart(name, value ?? 0);
    else if (group.destination === 'text') this.arrange(name);
    this.codePage = DOCUMENT_CODE_PAGES[name] ?? this.codePage;
  }

  /** Ends of paragraphs, cells and rows. */
  private arrange(name: string): void {
    const { flow } = this.group;
    const format = paragraphFormat(this.group, this.headings);
    if (['par', 'sect', 'page', 'column'].includes(name)) flow.endParagraph(format);
    else if (name === 'cell') flow.endCell(format);
    else if (name === 'nestcell') flow.endInnerCell(format);
    else if (name === 'row') flow.endRow();
    else if (name === 'nestrow') flow.endInnerRow();
  }

  /** A unit of UTF-16, as a signed number by those who stick to the letter. */
  private takeUnicode(value: number): void {
    this.say(String.fromCharCode(value & 0xffff));
    this.toSkip = this.group.fallback;
  }

  private setFont(codePage: number | undefined): void {
    if (codePage !== undefined && this.group.destination === 'fonts')
      this.fonts.set(this.group.font, codePage);
  }
}

/** The parts of a time, as they follow each other, make one of ISO 8601. */
function timePart(name: string, value: number): string {
  const before = { yr: '', mo: '-', dy: '-', hr: 'T', min: ':' }[name] ?? '';
  return before + String(value).padStart(name === 'yr' ? 4 : 2, '0');
}
