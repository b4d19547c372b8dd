import { blocksToText, eachOnce } from './document-blocks.js';
import { onePage, TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import { DocxBody, marginsOf } from './docx-body.js';
import { DocxNumbering } from './docx-numbering.js';
import { DocxStyles } from './docx-styles.js';
import { OfficePackage, targetOf, type Relation } from './office-package.adapter.js';
import { elementAt, elementsOf, type XmlElement } from './xml-tree.adapter.js';

/** A Word document has no pages before somebody lays it out: it is one. */
export async function readDocx({
  path,
  metadata: { title, ...metadata },
  limits,
}: SniffedFile): Promise<ReadDocument> {
  return OfficePackage.read(path, async (parts) => {
    const main = targetOf(await parts.relations(''), 'officeDocument') ?? '';
    const document = await parts.required(main);
    const relations = await parts.relations(main);
    const body = new DocxBody({
      styles: new DocxStyles(await parts.xml(targetOf(relations, 'styles'))),
      numbering: new DocxNumbering(await parts.xml(targetOf(relations, 'numbering'))),
      notes: new Map([
        ...notesOf('footnote', await parts.xml(targetOf(relations, 'footnotes'))),
        ...notesOf('endnote', await parts.xml(targetOf(relations, 'endnotes'))),
      ]),
    });
    const margin = async (where: 'header' | 'footer') =>
      eachOnce(
        (await readAll(parts, relations, marginsOf(document, where))).map((part) => body.blocksOf(part)),
      );
    const header = await margin('header');
    const text = body.blocksOf(elementAt(document, 'w:body'));
    const whole = blocksToText([...header, ...text, ...body.notes(), ...(await margin('footer'))]);
    return { pages: onePage(new TextBudget(limits.characters).spend(whole)), title, metadata };
  });
}

/** The separators above notes are of a type; notes are not. */
function notesOf(kind: 'footnote' | 'endnote', part: XmlElement | undefined): [string, XmlElement][] {
  const notes = elementsOf(part, `w:${kind}`).filter(
    ({ attributes }) => !attributes['w:type'] || attributes['w:type'] === 'normal',
  );
  return notes.map((note) => [`${kind} ${note.attributes['w:id']}`, note]);
}

async function readAll(
  parts: OfficePackage,
  relations: ReadonlyMap<string, Relation>,
  ids: readonly string[],
): Promise<(XmlElement | undefined)[]> {
  const names = new Set(ids.map((id) => relations.get(id)?.target));
  return Promise.all([...names].map((name) => parts.xml(name)));
}
