import { zip, zipEntry } from './made-files.js';

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const OOXML = 'http://schemas.openxmlformats.org';
const OFFICE = `${OOXML}/officeDocument/2006/relationships`;
const ODF = 'urn:oasis:names:tc:opendocument:xmlns';
const WORD_TYPE = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml';
const SLIDES_TYPE = 'application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml';
const ODT_TYPE = 'application/vnd.oasis.opendocument.text';

export const escapeXml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Relationships by id: `[type, target]`. */
type Relations = Record<string, readonly [string, string]>;

function relations(of: Relations): string {
  const each = Object.entries(of).map(
    ([id, [type, target]]) => `<Relationship Id="${id}" Type="${OFFICE}/${type}" Target="${target}"/>`,
  );
  return `${XML}<Relationships xmlns="${OOXML}/package/2006/relationships">${each.join('')}</Relationships>`;
}

function contentTypes(main: string, type: string): string {
  return `${XML}<Types xmlns="${OOXML}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="${main}" ContentType="${type}"/></Types>`;
}

function archive(parts: Record<string, string | undefined>): Buffer {
  return zip(
    Object.entries(parts).flatMap(([name, content]) =>
      content === undefined ? [] : [zipEntry(name, content)],
    ),
  );
}

export interface DocxParts {
  body: string;
  styles?: string;
  numbering?: string;
  footnotes?: string;
  endnotes?: string;
  header?: string;
  footer?: string;
}

/** A Word document of these parts, each without its outermost element. */
export function docxFile({ body, ...others }: DocxParts): Buffer {
  const names = `xmlns:w="${OOXML}/wordprocessingml/2006/main" xmlns:r="${OFFICE}" xmlns:mc="${OOXML}/markup-compatibility/2006"`;
  const part = (root: string, content: string | undefined) =>
    content === undefined ? undefined : `${XML}<w:${root} ${names}>${content}</w:${root}>`;
  const margins = ['header', 'footer'].map(
    (where) => `<w:${where}Reference w:type="default" r:id="${where}"/>`,
  );
  return archive({
    '[Content_Types].xml': contentTypes('/word/document.xml', WORD_TYPE),
    '_rels/.rels': relations({ rId1: ['officeDocument', 'word/document.xml'] }),
    'word/_rels/document.xml.rels': relations(
      Object.fromEntries(Object.keys(others).map((name) => [name, [name, `${name}.xml`] as const])),
    ),
    'word/document.xml': part('document', `<w:body>${body}<w:sectPr>${margins.join('')}</w:sectPr></w:body>`),
    'word/styles.xml': part('styles', others.styles),
    'word/numbering.xml': part('numbering', others.numbering),
    'word/footnotes.xml': part('footnotes', others.footnotes),
    'word/endnotes.xml': part('endnotes', others.endnotes),
    'word/header.xml': part('hdr', others.header),
    'word/footer.xml': part('ftr', others.footer),
  });
}

export interface OdtParts {
  body: string;
  /** Of `content.xml`. */
  automaticStyles?: string;
  masterPage?: string;
  meta?: string;
  manifest?: string;
  mimetype?: string;
}

const ODF_NAMES = ['office', 'text', 'table', 'style', 'meta', 'manifest']
  .map((name) => `xmlns:${name}="${ODF}:${name}:1.0"`)
  .concat(`xmlns:draw="${ODF}:drawing:1.0" xmlns:svg="${ODF}:svg-compatible:1.0"`)
  .concat('xmlns:dc="http://purl.org/dc/elements/1.1/"')
  .join(' ');

/** A text document of OpenDocument. */
export function odtFile({
  body,
  automaticStyles = '',
  masterPage = '',
  meta = '',
  manifest = '',
  mimetype,
}: OdtParts): Buffer {
  const part = (root: string, content: string) =>
    `${XML}<office:${root} ${ODF_NAMES}>${content}</office:${root}>`;
  return archive({
    mimetype: mimetype ?? ODT_TYPE,
    'content.xml': part(
      'document-content',
      `<office:automatic-styles>${automaticStyles}</office:automatic-styles><office:body><office:text>${body}</office:text></office:body>`,
    ),
    'styles.xml': part(
      'document-styles',
      `<office:master-styles><style:master-page>${masterPage}</style:master-page></office:master-styles>`,
    ),
    'meta.xml': part('document-meta', `<office:meta>${meta}</office:meta>`),
    'META-INF/manifest.xml': `${XML}<manifest:manifest ${ODF_NAMES}>${manifest}</manifest:manifest>`,
  });
}

export interface Slide {
  /** The shapes. */
  shapes: string;
  notes?: string;
  /** More relationships. */
  relations?: Relations;
  hidden?: boolean;
}

const SLIDE_NAMES = `xmlns:p="${OOXML}/presentationml/2006/main" xmlns:a="${OOXML}/drawingml/2006/main" xmlns:r="${OFFICE}" xmlns:mc="${OOXML}/markup-compatibility/2006" xmlns:dgm="${OOXML}/drawingml/2006/diagram"`;
const slidePart = (root: string, shapes: string, after = '') =>
  `${XML}<p:${root} ${SLIDE_NAMES}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld>${after}</p:${root}>`;

/**
 * A presentation of these slides, stored under names in the reverse order.
 * @param parts further parts, by name: `ppt/slideLayouts/layout.xml` is every slide's layout
 */
export function pptxFile(slides: readonly Slide[], parts: Record<string, string> = {}): Buffer {
  const fileOf = (at: number) => slides.length - at;
  const files = slides.flatMap(({ shapes, notes, relations: more = {} }, at) => {
    const name = `slide${fileOf(at)}.xml`;
    const links: Relations = { layout: ['slideLayout', '../slideLayouts/layout.xml'], ...more };
    if (notes !== undefined) links.notes = ['notesSlide', `../notesSlides/notes${fileOf(at)}.xml`];
    return [
      [`ppt/slides/${name}`, slidePart('sld', shapes)],
      [`ppt/slides/_rels/${name}.rels`, relations(links)],
      ...(notes === undefined ? [] : [[`ppt/notesSlides/notes${fileOf(at)}.xml`, slidePart('notes', notes)]]),
    ];
  });
  const ids = slides.map((_, at) => `<p:sldId id="${256 + at}" r:id="slide${at}"/>`).join('');
  return archive({
    '[Content_Types].xml': contentTypes('/ppt/presentation.xml', SLIDES_TYPE),
    '_rels/.rels': relations({ rId1: ['officeDocument', 'ppt/presentation.xml'] }),
    'ppt/presentation.xml': `${XML}<p:presentation ${SLIDE_NAMES}><p:sldIdLst>${ids}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(
      Object.fromEntries(
        slides.map((_, at) => [`slide${at}`, ['slide', `slides/slide${fileOf(at)}.xml`] as const]),
      ),
    ),
    'ppt/slideLayouts/layout.xml': slidePart('sldLayout', ''),
    'ppt/slideLayouts/_rels/layout.xml.rels': relations({
      rId1: ['slideMaster', '../slideMasters/master.xml'],
    }),
    'ppt/slideMasters/master.xml': slidePart(
      'sldMaster',
      '',
      '<p:txStyles><p:bodyStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr><a:lvl2pPr><a:buChar char="–"/></a:lvl2pPr></p:bodyStyle></p:txStyles>',
    ),
    ...(Object.fromEntries(files) as Record<string, string>),
    ...parts,
  });
}

/** A shape with paragraphs; a placeholder of a type when told. */
export function slideShape(paragraphs: readonly string[], placeholder?: string): string {
  const type = placeholder === undefined ? '' : `<p:ph${placeholder && ` type="${placeholder}"`} idx="1"/>`;
  const text = paragraphs.map((each) => (each.startsWith('<a:p') ? each : slideParagraph(each))).join('');
  return `<p:sp><p:nvSpPr><p:nvPr>${type}</p:nvPr></p:nvSpPr><p:txBody>${text}</p:txBody></p:sp>`;
}

export function slideParagraph(text: string, properties = ''): string {
  return `<a:p>${properties}<a:r><a:t>${escapeXml(text)}</a:t></a:r></a:p>`;
}

/** A rich text document; characters beyond ASCII are written as `\u`. */
export function rtfFile(body: string, before = ''): Buffer {
  return Buffer.from(
    `{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fcharset0 Arial;}}${before}\n${body}}`,
    'latin1',
  );
}

export function rtfText(text: string): string {
  const escaped = text.replaceAll(/[\\{}]/g, (sign) => `\\${sign}`);
  // Unit by unit: a character beyond the first plane is two words.
  return escaped.replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${((unit.charCodeAt(0) + 0x8000) & 0xffff) - 0x8000}?`,
  );
}
