import type { Command } from 'commander';
import type { z } from 'zod';
import type { AcceptedDocument } from '../documents/documents.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption, priorityOption } from './option-parsers.js';
import { showEnqueued } from './show-enqueued.js';
import { namedSource } from './sources.js';

type Accepted = z.output<typeof AcceptedDocument>;

interface DocumentOptions {
  documentId?: string;
  userId: string;
  priority?: number;
  watch: boolean;
  format: Format;
}

const EXAMPLES = `
Examples:
  intake enqueue document handbook.pdf terms.docx --watch
  intake enqueue document https://www.example.com/terms.html s3://scans/2026/scan-12.pdf`;

export function addEnqueueDocument(enqueue: Command, cli: Cli): void {
  enqueue
    .command('document')
    .description('process files: uploaded ones, or what a URL or a bucket holds')
    .argument('<source...>', 'FILE, http(s) URL, or s3://bucket/key')
    .option('--document-id <id>', 'id of the document; its file name without it')
    .option('--user-id <id>', 'whose document it is', '1')
    .addOption(priorityOption())
    .option('--watch', 'wait until all are done; exit code 1 if one fails', false)
    .addOption(formatOption())
    .addHelpText('after', EXAMPLES)
    .action(async (sources: string[], options: DocumentOptions, command: Command) => {
      if (options.documentId && sources.length > 1)
        command.error('error: --document-id names one document; give one FILE or URL');
      await enqueueDocuments(cli, sources, options);
    });
}

async function enqueueDocuments(
  cli: Cli,
  sources: readonly string[],
  options: DocumentOptions,
): Promise<void> {
  const accepted: Accepted[] = [];
  for (const source of sources) accepted.push(await enqueueDocument(cli, source, options));
  const nameOf = ({ document_id }: Accepted) => document_id;
  await showEnqueued(cli, accepted, { ...options, heading: 'DOCUMENT', nameOf });
}

function enqueueDocument(cli: Cli, source: string, options: DocumentOptions): Promise<Accepted> {
  const { documents } = cli.client();
  const { kind, name } = namedSource(source);
  const { documentId: document_id = name, userId: user_id, priority } = options;
  const fields = { document_id, user_id, priority };
  if (kind === 'file') return documents.upload(source, fields);
  const place = kind === 'url' ? { source_url: source } : { r2_key: source };
  return documents.process({ ...fields, ...place, file_name: name });
}
