/** Names that the source systems used for our queues. */
const ALIASES: Readonly<Record<string, string>> = {
  document_ingestion: 'documents',
  image_indexing_queue: 'images',
  'pantry-pilot': 'receipts',
};

export function queueNameOf(name: string): string {
  return ALIASES[name] ?? name;
}
