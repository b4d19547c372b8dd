import { Option, type Command } from 'commander';
import { DELIVERY_STATUSES, type DeliveryView } from '../webhooks/webhooks.contract.js';
import type { Cli, Format } from './cli.js';
import { formatOption, wholeNumber } from './option-parsers.js';
import { moment, renderTable, shorten, type Cell } from './table.js';

const HEAD = ['DELIVERY', 'EVENT', 'STATUS', 'TRIES', 'CREATED', 'NEXT', 'TO', 'ERROR'];

interface ListOptions {
  status?: DeliveryView['status'];
  task?: string;
  limit: number;
  format: Format;
}

export function addWebhooks(program: Command, cli: Cli): void {
  const webhooks = program
    .command('webhooks')
    .description('see what callbacks were sent, send one again')
    .addHelpText('after', '\nExample:\n  intake webhooks list --status failed');
  addList(webhooks, cli);
  webhooks
    .command('replay')
    .description('send a delivery again now')
    .argument('<id>', "a delivery's id")
    .action(async (id: string) => {
      const { delivery_id, url } = await cli.client().webhooks.replay(id);
      cli.terminal.out(`Delivery ${delivery_id} goes to ${url} again`);
    });
  webhooks
    .command('secret')
    .description('print what callbacks are signed with')
    .action(async () => cli.terminal.out((await cli.client().webhooks.secret()).secret));
}

function addList(webhooks: Command, cli: Cli): void {
  webhooks
    .command('list')
    .description('list deliveries, newest first')
    .addOption(new Option('--status <status>', 'in one status only').choices([...DELIVERY_STATUSES]))
    .option('--task <id>', 'of one task only: its id or its own name')
    .option('--limit <n>', 'how many', wholeNumber(1, 200), 50)
    .addOption(formatOption())
    .action(async ({ format, task, ...filter }: ListOptions) => {
      const page = await cli.client().webhooks.deliveries({ ...filter, task_id: task });
      cli.show(format, page, () => renderTable(HEAD, page.data.map(rowOf)));
    });
}

function rowOf(delivery: DeliveryView): Cell[] {
  return [
    delivery.delivery_id,
    delivery.event,
    delivery.status,
    delivery.attempts,
    moment(delivery.created_at),
    moment(delivery.next_attempt_at),
    shorten(delivery.url, 48),
    delivery.last_error && shorten(delivery.last_error, 48),
  ];
}
