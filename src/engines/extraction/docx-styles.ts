import { elementAt, elementsOf, type XmlElement } from './xml-tree.adapter.js';

/** Styles may be based on one another in a circle. */
const MAX_BASES = 20;
const BODY_TEXT = 9;

/** What the styles of a Word document mean for its paragraphs (ECMA-376, part 1, 17.7). */
export class DocxStyles {
  private readonly styles: Map<string, XmlElement>;

  constructor(styles: XmlElement | undefined) {
    this.styles = new Map(
      elementsOf(styles, 'w:style').map((style) => [style.attributes['w:styleId'] ?? '', style]),
    );
  }

  /** 1 to 9 for a heading, 0 for body text. */
  headingLevel(paragraph: XmlElement | undefined): number {
    for (const { properties, name } of this.sources(paragraph)) {
      const outline = elementAt(properties, 'w:outlineLvl')?.attributes['w:val'];
      if (outline !== undefined) return Number(outline) < BODY_TEXT ? Number(outline) + 1 : 0;
      const [, named, level] = /^(heading ?([1-9])|title)$/i.exec(name) ?? [];
      if (named) return Number(level ?? 1);
    }
    return 0;
  }

  /** The list that a paragraph is an item of; undefined when of none. */
  listOf(paragraph: XmlElement | undefined): { id: string; level: number } | undefined {
    for (const { properties } of this.sources(paragraph)) {
      const list = elementAt(properties, 'w:numPr');
      const id = elementAt(list, 'w:numId')?.attributes['w:val'];
      if (id === '0') return undefined;
      if (id) return { id, level: Number(elementAt(list, 'w:ilvl')?.attributes['w:val'] ?? 0) || 0 };
    }
    return undefined;
  }

  /** A paragraph's own properties, then those of its style and of the styles below it. */
  private *sources(paragraph: XmlElement | undefined) {
    const own = elementAt(paragraph, 'w:pPr');
    yield { properties: own, name: '' };
    let id = elementAt(own, 'w:pStyle')?.attributes['w:val'];
    for (let bases = 0; id !== undefined && bases < MAX_BASES; bases += 1) {
      const style = this.styles.get(id);
      yield {
        properties: elementAt(style, 'w:pPr'),
        name: elementAt(style, 'w:name')?.attributes['w:val'] ?? (style ? '' : id),
      };
      id = elementAt(style, 'w:basedOn')?.attributes['w:val'];
    }
  }
}
