import { SaxesParser } from 'saxes';
import { Fault } from '../../kernel/fault.js';

/** An element of a part; its name and the names of its attributes carry {@link PREFIXES}, whatever the file calls them. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
}

/** Deeper than any program nests, and shallow enough to walk by recursion. */
const MAX_DEPTH = 400;

const OOXML = 'http://schemas.openxmlformats.org';
/** The same vocabulary under the names of its strict variant (ISO 29500). */
const STRICT = 'http://purl.oclc.org/ooxml';
const ODF = 'urn:oasis:names:tc:opendocument:xmlns';
const PREFIXES = new Map([
  [`${OOXML}/wordprocessingml/2006/main`, 'w'],
  [`${STRICT}/wordprocessingml/main`, 'w'],
  [`${OOXML}/presentationml/2006/main`, 'p'],
  [`${STRICT}/presentationml/main`, 'p'],
  [`${OOXML}/drawingml/2006/main`, 'a'],
  [`${STRICT}/drawingml/main`, 'a'],
  [`${OOXML}/drawingml/2006/diagram`, 'dgm'],
  [`${STRICT}/drawingml/diagram`, 'dgm'],
  [`${OOXML}/officeDocument/2006/relationships`, 'r'],
  [`${STRICT}/officeDocument/relationships`, 'r'],
  [`${OOXML}/officeDocument/2006/math`, 'm'],
  [`${STRICT}/officeDocument/math`, 'm'],
  [`${OOXML}/markup-compatibility/2006`, 'mc'],
  [`${OOXML}/package/2006/relationships`, 'rels'],
  [`${OOXML}/package/2006/content-types`, 'types'],
  [`${OOXML}/package/2006/metadata/core-properties`, 'cp'],
  ['http://purl.org/dc/elements/1.1/', 'dc'],
  ['http://purl.org/dc/terms/', 'dcterms'],
  [`${ODF}:office:1.0`, 'office'],
  [`${ODF}:text:1.0`, 'text'],
  [`${ODF}:table:1.0`, 'table'],
  [`${ODF}:drawing:1.0`, 'draw'],
  [`${ODF}:style:1.0`, 'style'],
  [`${ODF}:meta:1.0`, 'meta'],
  [`${ODF}:manifest:1.0`, 'manifest'],
]);

/**
 * A well-formed part as a tree. No entity but XML's own five is known, nothing outside of the part is looked at.
 * @throws Error where the part is not well-formed; Fault document.too_large when it is nested too deeply
 */
export function parseXml(xml: string): XmlElement {
  const root: XmlElement = { name: '', attributes: {}, children: [] };
  const open = [root];
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ uri, prefix, local, attributes }) => {
    const element: XmlElement = { name: nameOf(uri, prefix, local), attributes: {}, children: [] };
    for (const { uri: of, prefix: as, local: called, value } of Object.values(attributes))
      element.attributes[nameOf(of, as, called)] = value;
    open.at(-1)?.children.push(element);
    if (open.push(element) > MAX_DEPTH)
      throw new Fault('document.too_large', 'The document is nested too deeply.');
  });
  parser.on('closetag', () => void open.pop());
  const keep = (text: string) => void open.at(-1)?.children.push(text);
  parser.on('text', keep);
  parser.on('cdata', keep);
  parser.write(xml).close();
  return elementsOf(root)[0] ?? root;
}

function nameOf(uri: string, prefix: string, local: string): string {
  const known = PREFIXES.get(uri) ?? prefix;
  return known ? `${known}:${local}` : local;
}

/** The elements directly below; of one name when told. */
export function elementsOf(parent: XmlElement | undefined, name?: string): XmlElement[] {
  return (parent?.children ?? []).filter(
    (child): child is XmlElement => typeof child !== 'string' && (name === undefined || child.name === name),
  );
}

/** The first element that a path of names leads to. */
export function elementAt(parent: XmlElement | undefined, ...path: string[]): XmlElement | undefined {
  let found = parent;
  for (const name of path) found = elementsOf(found, name)[0];
  return found;
}

/** Every element of a name below, in the order of the file. */
export function descendantsOf(parent: XmlElement | undefined, name: string): XmlElement[] {
  return elementsOf(parent).flatMap((child) => [
    ...(child.name === name ? [child] : []),
    ...descendantsOf(child, name),
  ]);
}

/** All text below an element. */
export function textWithin(element: XmlElement | undefined): string {
  return (element?.children ?? [])
    .map((child) => (typeof child === 'string' ? child : textWithin(child)))
    .join('');
}
