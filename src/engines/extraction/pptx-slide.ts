import type { Block } from './document-blocks.js';
import { countAs, type NumberFormat } from './list-label.js';
import { descendantsOf, elementAt, elementsOf, textWithin, type XmlElement } from './xml-tree.adapter.js';

/** Nothing, a bullet, or how it counts: `arabicPeriod`, `alphaLcParenR`, … (ECMA-376, part 1, 20.1.10.61). */
type Bullet = string;
/** The bullet of a placeholder's level where the slide itself says nothing. */
export type Bullets = (placeholder: XmlElement | undefined, level: number) => Bullet;

const BULLET = '-';
const NUMBER_FORMATS: Record<string, NumberFormat | undefined> = {
  alphaLc: 'a',
  alphaUc: 'A',
  romanLc: 'i',
  romanUc: 'I',
};

/** The number, the date, the picture of the slide above its notes. */
const FURNITURE = new Set(['sldNum', 'dt', 'sldImg', 'hdr']);
const TITLES = new Set(['title', 'ctrTitle']);

/**
 * A slide's title, then its texts, tables and diagrams in the order of the file, which is the order for screen readers.
 * @param diagrams the texts of each diagram, by its relationship
 */
export function slideBlocks(
  slide: XmlElement,
  bullets: Bullets,
  diagrams: ReadonlyMap<string, readonly string[]>,
): Block[] {
  const shapes = shapesOf(slide).filter((shape) => !isFurniture(shape, slide));
  const isTitle = (shape: XmlElement) => TITLES.has(placeholderOf(shape)?.attributes.type ?? '');
  return [...shapes.filter(isTitle), ...shapes.filter((shape) => !isTitle(shape))].flatMap((shape) =>
    isTitle(shape) ? titleBlocks(shape) : shapeBlocks(shape, bullets, diagrams),
  );
}

function isFurniture(shape: XmlElement, { name }: XmlElement): boolean {
  const type = placeholderOf(shape)?.attributes.type ?? '';
  return FURNITURE.has(type) || (type === 'ftr' && name === 'p:notes');
}

/** Shapes and frames, those inside of groups too; of alternatives the first is what current programs show. */
function shapesOf(parent: XmlElement): XmlElement[] {
  return elementsOf(parent).flatMap((child) => {
    if (['p:sp', 'p:graphicFrame'].includes(child.name)) return [child];
    if (child.name === 'mc:AlternateContent') return shapesOf(elementsOf(child)[0] ?? child);
    return ['p:cSld', 'p:spTree', 'p:grpSp'].includes(child.name) ? shapesOf(child) : [];
  });
}

function placeholderOf(shape: XmlElement): XmlElement | undefined {
  return elementAt(shape, 'p:nvSpPr', 'p:nvPr', 'p:ph');
}

function titleBlocks(shape: XmlElement): Block[] {
  const lines = elementsOf(elementAt(shape, 'p:txBody'), 'a:p').map(paragraphText);
  return [{ kind: 'heading', level: 1, text: lines.join(' ') }];
}

function shapeBlocks(
  shape: XmlElement,
  bullets: Bullets,
  diagrams: ReadonlyMap<string, readonly string[]>,
): Block[] {
  if (shape.name === 'p:graphicFrame') {
    const diagram = descendantsOf(shape, 'dgm:relIds').flatMap(
      ({ attributes }) => diagrams.get(attributes['r:dm'] ?? '') ?? [],
    );
    return [
      ...descendantsOf(shape, 'a:tbl').map(tableBlock),
      ...diagram.map((text): Block => ({ kind: 'item', level: 0, marker: BULLET, text })),
    ];
  }
  const body = elementAt(shape, 'p:txBody');
  const own = listStyle(elementAt(body, 'a:lstStyle'));
  const placeholder = placeholderOf(shape);
  return bodyBlocks(body, (level) => own(level) ?? bullets(placeholder, level));
}

function tableBlock(table: XmlElement): Block {
  const rows = elementsOf(table, 'a:tr').map((row) =>
    elementsOf(row, 'a:tc').map((cell) => bodyBlocks(elementAt(cell, 'a:txBody'), () => '')),
  );
  return { kind: 'table', rows };
}

function bodyBlocks(body: XmlElement | undefined, inherited: (level: number) => Bullet): Block[] {
  const counts: number[] = [];
  return elementsOf(body, 'a:p').map((paragraph): Block => {
    const properties = elementAt(paragraph, 'a:pPr');
    const level = Math.max(0, Math.min(Math.trunc(Number(properties?.attributes.lvl ?? 0)) || 0, 8));
    const bullet = bulletIn(properties) ?? inherited(level);
    const text = paragraphText(paragraph);
    if (!bullet || !text.trim()) {
      if (text.trim()) counts.length = 0;
      return { kind: 'paragraph', text };
    }
    const first = Number(elementAt(properties, 'a:buAutoNum')?.attributes.startAt ?? 1);
    counts.length = level + 1;
    counts[level] = bullet === BULLET ? 0 : (counts[level] || first - 1) + 1;
    return { kind: 'item', level, marker: labelOf(bullet, counts[level]), text };
  });
}

function labelOf(bullet: Bullet, count: number): string {
  if (bullet === BULLET) return BULLET;
  const [, format = '', style = ''] =
    /^([a-z]+[LU]?c?)(Period|ParenR|ParenBoth|Plain|Minus)/.exec(bullet) ?? [];
  const number = countAs(NUMBER_FORMATS[format] ?? '1', count);
  return { ParenR: `${number})`, ParenBoth: `(${number})`, Plain: number }[style] ?? `${number}.`;
}

/** Runs, fields and formulas as they follow each other; a break is a line. */
function paragraphText(paragraph: XmlElement): string {
  return paragraph.children
    .map((child): string => {
      if (typeof child === 'string' || /^a:(pPr|rPr|endParaRPr)$/.test(child.name)) return '';
      if (child.name === 'a:br') return '\n';
      if (child.name === 'a:t' || child.name === 'm:t') return textWithin(child).replaceAll('_x000B_', '\n');
      if (child.name === 'mc:AlternateContent') return paragraphText(elementsOf(child)[0] ?? child);
      return child.attributes.type === 'slidenum' ? '' : paragraphText(child);
    })
    .join('');
}

/** What a paragraph, or a level of a list style, says of its bullet; undefined when it leaves it to what it inherits. */
function bulletIn(properties: XmlElement | undefined): Bullet | undefined {
  const names = elementsOf(properties).map(({ name }) => name);
  if (names.includes('a:buNone')) return '';
  if (names.includes('a:buAutoNum'))
    return elementAt(properties, 'a:buAutoNum')?.attributes.type ?? 'arabicPeriod';
  return names.includes('a:buChar') || names.includes('a:buBlip') ? BULLET : undefined;
}

function listStyle(style: XmlElement | undefined): (level: number) => Bullet | undefined {
  return (level) => bulletIn(elementAt(style, `a:lvl${level + 1}pPr`));
}

/** Bullets are inherited: from the layout's placeholder, the master's, and the master's styles (ECMA-376, 19.3.1). */
export function bulletsOf(layout: XmlElement | undefined, master: XmlElement | undefined): Bullets {
  const [inLayout, inMaster] = [placeholdersOf(layout), placeholdersOf(master)];
  const bodyStyle = listStyle(elementAt(master, 'p:txStyles', 'p:bodyStyle'));
  return (placeholder, level) => {
    if (!placeholder) return '';
    const { type = 'obj', idx } = placeholder.attributes;
    const above =
      inLayout.find(({ attributes }) => attributes.idx === idx && idx !== undefined) ??
      inLayout.find(({ attributes }) => (attributes.type ?? 'obj') === type);
    const kind = above?.attributes.type ?? type;
    const top = inMaster.find(
      ({ attributes }) => attributes.type === (kind === 'obj' || kind === 'subTitle' ? 'body' : kind),
    );
    return above?.bullet(level) ?? top?.bullet(level) ?? (isBody(kind) ? bodyStyle(level) : undefined) ?? '';
  };
}

function isBody(type: string): boolean {
  return ['obj', 'body', 'subTitle', 'tbl', 'chart', 'dgm', 'clipArt', 'media', 'pic'].includes(type);
}

function placeholdersOf(part: XmlElement | undefined) {
  return shapesOf(part ?? { name: '', attributes: {}, children: [] }).flatMap((shape) => {
    const attributes = placeholderOf(shape)?.attributes;
    return attributes ? [{ attributes, bullet: listStyle(elementAt(shape, 'p:txBody', 'a:lstStyle')) }] : [];
  });
}
