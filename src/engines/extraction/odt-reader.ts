import { blocksToText, eachOnce, type Block } from './document-blocks.js';
import { onePage, TextBudget, type ReadDocument, type SniffedFile } from './document-reader.js';
import { OdtBody } from './odt-body.js';
import { OfficePackage } from './office-package.adapter.js';
import { elementAt, elementsOf, type XmlElement } from './xml-tree.adapter.js';

/** A text document of OpenDocument has no pages before somebody lays it out: it is one. */
export async function readOdt({
  path,
  metadata: { title, ...metadata },
  limits,
}: SniffedFile): Promise<ReadDocument> {
  return OfficePackage.read(path, async (parts) => {
    const content = await parts.required('content.xml');
    const styles = await parts.xml('styles.xml');
    const body = new OdtBody([styles, content]);
    const text = elementAt(content, 'office:body', 'office:text');
    if (!text) throw new Error('the document has no text body');
    const blocks = [...margins(styles, body, 'header'), ...body.blocksOf(text), ...body.notes()];
    const whole = blocksToText([...blocks, ...margins(styles, body, 'footer')]);
    return { pages: onePage(new TextBudget(limits.characters).spend(whole)), title, metadata };
  });
}

/** What stands above or below every page. */
function margins(styles: XmlElement | undefined, body: OdtBody, where: 'header' | 'footer'): Block[] {
  const pages = elementsOf(elementAt(styles, 'office:master-styles'), 'style:master-page');
  const variants = [`style:${where}-first`, `style:${where}`, `style:${where}-left`].flatMap((variant) =>
    pages.flatMap((page) => elementsOf(page, variant)),
  );
  const shown = variants.filter(({ attributes }) => attributes['style:display'] !== 'false');
  return eachOnce(shown.map((variant) => body.blocksOf(variant)));
}
