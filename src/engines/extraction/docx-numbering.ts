import { countAs, type NumberFormat } from './list-label.js';
import { elementAt, elementsOf, type XmlElement } from './xml-tree.adapter.js';

const FORMATS: Record<string, NumberFormat | undefined> = {
  lowerLetter: 'a',
  upperLetter: 'A',
  lowerRoman: 'i',
  upperRoman: 'I',
};
const LEVELS = 9;

interface Level {
  format: string;
  /** The label with `%1` where the number of the first level stands. */
  label: string;
  start: number;
}

/** The lists of a Word document (ECMA-376, part 1, 17.9), counted as its paragraphs come. */
export class DocxNumbering {
  private readonly abstracts: Map<string, XmlElement>;
  private readonly lists: Map<string, XmlElement>;
  private readonly counts = new Map<string, (number | undefined)[]>();

  constructor(numbering: XmlElement | undefined) {
    this.abstracts = byAttribute(numbering, 'w:abstractNum', 'w:abstractNumId');
    this.lists = byAttribute(numbering, 'w:num', 'w:numId');
  }

  /** The marker of the next item of a list; empty when its level shows none, or there is no such list. */
  next(listId: string, level: number): string {
    const list = this.lists.get(listId);
    const definition = this.levelOf(list, level);
    if (!definition || definition.format === 'none') return '';
    if (definition.format === 'bullet') return '-';
    const counts = this.countsOf(listId, list);
    counts.length = level + 1;
    counts[level] = (counts[level] ?? definition.start - 1) + 1;
    return definition.label.replace(/%([1-9])/g, (_, digit: string) => {
      const above = this.levelOf(list, Number(digit) - 1);
      return countAs(FORMATS[above?.format ?? ''] ?? '1', counts[Number(digit) - 1] ?? above?.start ?? 1);
    });
  }

  /** Lists of one definition count on, unless one of them says where it starts. */
  private countsOf(listId: string, list: XmlElement | undefined): (number | undefined)[] {
    const restarts = elementsOf(list, 'w:lvlOverride').length > 0;
    const key = restarts ? `list ${listId}` : `definition ${valueOf(list, 'w:abstractNumId')}`;
    const counts = this.counts.get(key) ?? [];
    this.counts.set(key, counts);
    return counts;
  }

  private levelOf(list: XmlElement | undefined, level: number): Level | undefined {
    if (!list || level >= LEVELS) return undefined;
    const ofLevel = ({ attributes }: XmlElement) => attributes['w:ilvl'] === String(level);
    const override = elementsOf(list, 'w:lvlOverride').find(ofLevel);
    const base = elementsOf(this.abstracts.get(valueOf(list, 'w:abstractNumId')), 'w:lvl').find(ofLevel);
    const definition = elementAt(override, 'w:lvl') ?? base;
    if (!definition) return undefined;
    return {
      format: valueOf(definition, 'w:numFmt') || 'decimal',
      label: valueOf(definition, 'w:lvlText'),
      start: Number(valueOf(override, 'w:startOverride') || valueOf(definition, 'w:start') || 1),
    };
  }
}

function valueOf(parent: XmlElement | undefined, name: string): string {
  return elementAt(parent, name)?.attributes['w:val'] ?? '';
}

function byAttribute(
  parent: XmlElement | undefined,
  name: string,
  attribute: string,
): Map<string, XmlElement> {
  return new Map(elementsOf(parent, name).map((element) => [element.attributes[attribute] ?? '', element]));
}
