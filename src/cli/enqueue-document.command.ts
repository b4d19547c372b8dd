import { basename } from 'node:path';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { AcceptedDocument } from '../documents/documents.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption, priorityOption } from './option-parsers.js';
import { shorten, renderTable } from './table.js';
import { watchTasks } from './watch.js';

interface DocumentOptions {
  documentId?: string;
  userId: string;
  priority?: number;
  watch: boolean;
  format: Format;
}

export function addEnqueueDocument(enqueue: Command, cli: Cli): void {
  enqueue
    .command('document')
    .description('upload files and process them')
    .argument('<file...>')
    .option('--document-id <id>', 'id of the document; its file name without it')
    .option('--user-id <id>', 'whose document it is', '1')
    .addOption(priorityOption())
    .option('--watch', 'wait until all are done; exit code 1 if one fails', false)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake enqueue document handbook.pdf terms.docx --watch')
    .action(async (files: string[], options: DocumentOptions, command: Command) => {
      if (options.documentId && files.length > 1)
        command.error('error: --document-id names one document; give one FILE');
      await enqueueDocuments(cli, files, options);
    });
}

async function enqueueDocuments(cli: Cli, files: readonly string[], options: DocumentOptions): Promise<void> {
  const { documentId, userId, priority, watch, format } = options;
  const accepted: Array<z.output<typeof AcceptedDocument>> = [];
  for (const file of files) {
    const fields = { document_id: documentId ?? basename(file), user_id: userId, priority };
    accepted.push(await cli.client().documents.upload(file, fields));
  }
  if (!watch) {
    const rows = accepted.map(({ document_id, task_id, status }) => [document_id, task_id, status]);
    return cli.show(format, accepted, () => renderTable(['DOCUMENT', 'TASK', 'STATUS'], rows));
  }
  const tasks = await watchTasks(
    cli,
    accepted.map(({ task_id }) => task_id),
  );
  const rows = tasks.map(({ task_id, status, error }, at) => [
    accepted[at]?.document_id,
    task_id,
    status,
    error && shorten(error.message, 60),
  ]);
  cli.show(format, tasks, () => renderTable(['DOCUMENT', 'TASK', 'STATUS', 'ERROR'], rows));
}
