import { zip } from './zip.mjs';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const ODF = 'urn:oasis:names:tc:opendocument:xmlns';
const TYPE = 'application/vnd.oasis.opendocument.text';
const NAMES = ['office', 'text', 'style', 'meta', 'manifest']
  .map((name) => `xmlns:${name}="${ODF}:${name}:1.0"`)
  .concat('xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"')
  .join(' ');

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function blockXml({ level, text }) {
  if (level > 0) return `<text:h text:outline-level="${level}">${escape(text)}</text:h>`;
  if (!text.startsWith('- ')) return `<text:p>${escape(text)}</text:p>`;
  const items = text.slice(2).split(' - ');
  return `<text:list>${items.map((item) => `<text:list-item><text:p>${escape(item)}</text:p></text:list-item>`).join('')}</text:list>`;
}

/** A text document of OpenDocument 1.3 of headings, paragraphs and lists. */
export function toOdt(blocks, { author }) {
  const entry = (path, type) => `<manifest:file-entry manifest:full-path="${path}" manifest:media-type="${type}"/>`;
  return zip({
    mimetype: TYPE,
    'content.xml': `${DECLARATION}<office:document-content ${NAMES}><office:body><office:text>${blocks.map(blockXml).join('')}</office:text></office:body></office:document-content>`,
    'meta.xml': `${DECLARATION}<office:document-meta ${NAMES}><office:meta><dc:title>${escape(blocks[0].text)}</dc:title><meta:initial-creator>${escape(author)}</meta:initial-creator></office:meta></office:document-meta>`,
    'META-INF/manifest.xml': `${DECLARATION}<manifest:manifest xmlns:manifest="${ODF}:manifest:1.0" manifest:version="1.3">${entry('/', TYPE)}${entry('content.xml', 'text/xml')}${entry('meta.xml', 'text/xml')}</manifest:manifest>`,
  });
}
