import { blocksToText } from './document-blocks.js';
import { TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import type { ExtractedPage, ExtractionWarning } from './extracted-document.js';
import { Fault } from '../../kernel/fault.js';
import { OfficePackage, targetOf, type Relation } from './office-package.adapter.js';
import { bulletsOf, slideBlocks } from './pptx-slide.js';
import { descendantsOf, elementAt, elementsOf, textWithin, type XmlElement } from './xml-tree.adapter.js';

/** One page for each slide in the order in which they are shown, hidden ones too; what the speaker says stands last. */
export async function readPptx({
  path,
  metadata: { title, ...metadata },
  limits,
}: SniffedFile): Promise<ReadDocument> {
  return OfficePackage.read(path, async (parts) => {
    const budget = new TextBudget(limits.characters);
    const deck = new SlideReader(parts);
    const pages: ExtractedPage[] = [];
    const warnings: ExtractionWarning[] = [];
    for (const [at, part] of (await slidesInOrder(parts)).entries()) {
      const number = at + 1;
      const text = await deck.read(part).catch((error: unknown) => {
        if (Fault.is(error)) throw error;
        warnings.push({
          code: 'document.page_failed',
          detail: `Slide ${number} could not be read: ${String(error)}`,
          page: number,
        });
        return '';
      });
      pages.push({ number, text: budget.spend(text) });
    }
    if (pages.length > 0 && warnings.length === pages.length)
      throw new Fault('document.corrupt', 'No slide of the presentation could be read.');
    return { pages, warnings, title, metadata };
  });
}

/** The presentation lists its slides; the numbers in the names of their files mean nothing. */
async function slidesInOrder(parts: OfficePackage): Promise<(string | undefined)[]> {
  const main = targetOf(await parts.relations(''), 'officeDocument');
  const presentation = await parts.required(main);
  const relations = await parts.relations(main ?? '');
  const slides = elementsOf(elementAt(presentation, 'p:sldIdLst'), 'p:sldId');
  return slides.map(({ attributes }) => relations.get(attributes['r:id'] ?? '')?.target);
}

/** Reads slides; layouts and masters, which many slides share, are read once. */
class SlideReader {
  private readonly shared = new Map<string, Promise<XmlElement | undefined>>();

  constructor(private readonly parts: OfficePackage) {}

  async read(part: string | undefined): Promise<string> {
    const slide = await this.parts.required(part);
    const relations = await this.parts.relations(part ?? '');
    const layout = targetOf(relations, 'slideLayout');
    const master = layout && targetOf(await this.parts.relations(layout), 'slideMaster');
    const [layoutXml, masterXml] = [await this.once(layout), await this.once(master)];
    const diagrams = await this.diagramsOf(slide, relations);
    const blocks = slideBlocks(slide, bulletsOf(layoutXml, masterXml), diagrams);
    const notes = await this.parts.xml(targetOf(relations, 'notesSlide'));
    return blocksToText([...blocks, { kind: 'paragraph', text: notesText(notes) }]);
  }

  private once(part: string | undefined): Promise<XmlElement | undefined> {
    const key = part ?? '';
    const known = this.shared.get(key) ?? this.parts.xml(part);
    this.shared.set(key, known);
    return known;
  }

  /** The texts of each diagram (SmartArt) of a slide, by the relationship that names its data. */
  private async diagramsOf(
    slide: XmlElement,
    relations: ReadonlyMap<string, Relation>,
  ): Promise<Map<string, string[]>> {
    const texts = new Map<string, string[]>();
    for (const { attributes } of descendantsOf(slide, 'dgm:relIds')) {
      const id = attributes['r:dm'] ?? '';
      const data = await this.parts.xml(relations.get(id)?.target);
      texts.set(
        id,
        descendantsOf(data, 'dgm:t')
          .map((text) => textWithin(text).trim())
          .filter(Boolean),
      );
    }
    return texts;
  }
}

function notesText(notes: XmlElement | undefined): string {
  const text = notes ? blocksToText(slideBlocks(notes, () => '', new Map())) : '';
  return text && `Notes: ${text}`;
}
