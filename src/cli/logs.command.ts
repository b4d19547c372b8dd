import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { z } from 'zod';
import type { IntakeClient } from '../client/intake-client.js';
import type { LogView } from '../tasks/tasks.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { moment } from './table.js';
import { harmless } from './terminal.js';

const POLL_MS = 500;
const PAGE = 200;

type Line = z.output<typeof LogView>;

export function addLogs(program: Command, cli: Cli): void {
  program
    .command('logs')
    .description('show what the handler of a task logged')
    .argument('<id>', "a task's id or its own name")
    .option('--follow', 'go on until the task is final', false)
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake logs 01990f2e-5b6c-7d10-9a55-0c2f6d1b7a10 --follow')
    .action(async (id: string, { follow, format }: { follow: boolean; format: Format }) => {
      for await (const line of linesOf(cli.client(), id, follow)) {
        cli.terminal.out(format === 'json' ? JSON.stringify(line) : textOf(line));
      }
    });
}

/** A page at the end of the log is read again until it has grown or the task is final. */
async function* linesOf(client: IntakeClient, id: string, follow: boolean): AsyncGenerator<Line> {
  let [cursor, shown]: [string | undefined, number] = [undefined, 0];
  for (;;) {
    const final = !follow || (await client.tasks.get(id)).finished_at !== null;
    const page = await client.tasks.logs(id, { cursor, limit: PAGE });
    yield* page.data.slice(shown);
    if (page.next_cursor !== null) [cursor, shown] = [page.next_cursor, 0];
    else if (final) return;
    else {
      shown = page.data.length;
      await delay(POLL_MS);
    }
  }
}

function textOf({ at, level, message, data }: Line): string {
  const fields = data === null ? '' : `  ${JSON.stringify(data)}`;
  return `${moment(at)}  ${level.padEnd(5)}  ${harmless(message)}${harmless(fields)}`;
}
