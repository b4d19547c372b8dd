/** Names of ours for the elements of an office document's core properties (ECMA-376, part 2, 11). */
const ELEMENTS = {
  title: 'dc:title',
  author: 'dc:creator',
  subject: 'dc:subject',
  keywords: 'cp:keywords',
  created_at: 'dcterms:created',
  modified_at: 'dcterms:modified',
} as const;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What an office document says about itself, from its `docProps/core.xml`; without those it leaves empty. */
export function officeMetadata(coreXml: string): Record<string, string> {
  const found = Object.entries(ELEMENTS).flatMap(([name, element]) => {
    const value = new RegExp(`<${element}(?:\\s[^>]{0,200})?>([^<]{1,2000})</${element}>`).exec(coreXml)?.[1];
    return value?.trim() ? [[name, decodeEntities(value.trim())]] : [];
  });
  return Object.fromEntries(found) as Record<string, string>;
}

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
}
