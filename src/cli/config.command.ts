import type { Command } from 'commander';
import { effectiveEnvironment } from '../config/client-config.js';
import { redact } from '../telemetry/redact.js';
import type { Cli, Format } from './cli.js';
import { formatOption } from './option-parsers.js';
import { renderFacts, type Cell } from './table.js';

const SECRET = /PASSWORD|SECRET|TOKEN|KEY$/;

export function addConfig(program: Command, cli: Cli): void {
  program
    .command('config')
    .description('print every setting with the value in effect, secrets masked; or every fault in them')
    .addOption(formatOption())
    .addHelpText('after', '\nExample:\n  intake config --format json')
    .action(({ format }: { format: Format }) => {
      const values = Object.fromEntries(Object.entries(effectiveEnvironment(cli.variables)).map(masked));
      cli.show(format, values, () => renderFacts(values));
    });
}

/** Of an address only the password is secret. */
function masked([name, value]: [string, unknown]): [string, Cell] {
  if (typeof value !== 'string') return [name, value as Cell];
  return [name, SECRET.test(name) ? '***' : redact(value)];
}
