import type { Command } from 'commander';
import type { Cli, Format } from './cli.js';
import { formatOption, wholeNumber } from './option-parsers.js';
import { shorten, renderTable } from './table.js';

const PASSAGE = 72;

export function addSearch(program: Command, cli: Cli): void {
  program
    .command('search')
    .description('find the passages of documents nearest in meaning')
    .argument('<query>')
    .option('--limit <n>', 'how many', wholeNumber(1, 100), 10)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake search "How many days of leave do I get?" --limit 3')
    .action(async (query: string, { limit, format }: { limit: number; format: Format }) => {
      const results = await cli.client().documents.search({ query, limit });
      const rows = results.hits.map(({ score, document_id, page, text }) => [
        Number(score.toFixed(3)),
        shorten(document_id, 40),
        page,
        shorten(text.trim().replace(/\s+/g, ' '), PASSAGE),
      ]);
      cli.show(format, results, () => renderTable(['SCORE', 'DOCUMENT', 'PAGE', 'PASSAGE'], rows));
    });
}
