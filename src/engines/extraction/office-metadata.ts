/** Names of ours for what OOXML (ECMA-376, part 2, 11) and OpenDocument (part 3, 4.3) call otherwise; the first found counts. */
const ELEMENTS = {
  title: ['dc:title'],
  author: ['meta:initial-creator', 'dc:creator'],
  subject: ['dc:subject'],
  keywords: ['cp:keywords', 'meta:keyword'],
  created_at: ['dcterms:created', 'meta:creation-date'],
  modified_at: ['dcterms:modified', 'dc:date'],
} as const;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** What an office document says about itself, from its `docProps/core.xml` or `meta.xml`; without those it leaves empty. */
export function officeMetadata(xml: string): Record<string, string> {
  const found = Object.entries(ELEMENTS).flatMap(([name, elements]) => {
    const value = elements.map((element) => contentOf(xml, element)).find(Boolean);
    return value ? [[name, decodeEntities(value)]] : [];
  });
  return Object.fromEntries(found) as Record<string, string>;
}

function contentOf(xml: string, element: string): string | undefined {
  return new RegExp(`<${element}(?:\\s[^>]{0,200})?>([^<]{1,2000})</${element}>`).exec(xml)?.[1]?.trim();
}

function decodeEntities(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
}
