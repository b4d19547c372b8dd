import { Command, CommanderError } from 'commander';
import { IntakeClient } from '../client/intake-client.js';
import { IntakeError } from '../client/intake-error.js';
import { readClientConfig } from '../config/client-config.js';
import { environment, type Variables } from '../config/config.js';
import { VERSION } from '../kernel/version.js';
import { addApi } from './api.command.js';
import { addCancel } from './cancel.command.js';
import { addCleanup } from './cleanup.command.js';
import type { Cli, Launchers } from './cli.js';
import { addConfig } from './config.command.js';
import { addDeadLetters } from './dead-letters.command.js';
import { addEnqueue } from './enqueue.command.js';
import { addErase } from './erase.command.js';
import { addExplain } from './explain.command.js';
import { addFlush } from './flush.command.js';
import { addJob } from './job.command.js';
import { addJobs } from './jobs.command.js';
import { addLogs } from './logs.command.js';
import { addMigrate } from './migrate.command.js';
import { addPause } from './pause.command.js';
import { addRebuildVectors } from './rebuild-vectors.command.js';
import { addRetry } from './retry.command.js';
import { addSchedules } from './schedules.command.js';
import { addSearch } from './search.command.js';
import { addStats } from './stats.command.js';
import { addStatus } from './status.command.js';
import { addSummary } from './summary.command.js';
import { harmless, type Terminal } from './terminal.js';
import { addUp } from './up.command.js';
import { addWebhooks } from './webhooks.command.js';
import { addWorker } from './worker.command.js';
import { addWorkers } from './workers.command.js';

const PROCESSES = [addUp, addApi, addWorker, addMigrate, addConfig];
const WORK = [
  addEnqueue,
  addStatus,
  addExplain,
  addLogs,
  addJobs,
  addJob,
  addRetry,
  addCancel,
  addDeadLetters,
  addCleanup,
  addFlush,
  addStats,
  addSummary,
  addWorkers,
  addSchedules,
  addWebhooks,
  addPause,
  addSearch,
  addErase,
  addRebuildVectors,
];

const FAILED = 1;
const BAD_USE = 2;

/**
 * Runs one command line.
 * @param line without the program's own name
 * @param variables of this process, where they are not others
 * @returns the exit code: 0 done, 1 failed, 2 bad use
 */
export async function runCli(
  line: readonly string[],
  terminal: Terminal,
  launch: Launchers,
  variables: Variables = environment(),
): Promise<number> {
  const program = createProgram(terminal);
  const cli = createCli(program, { terminal, launch, variables });
  program.commandsGroup('Processes:');
  for (const add of PROCESSES) add(program, cli);
  program.commandsGroup('Work:');
  for (const add of WORK) add(program, cli);
  program.helpCommand('help [command]', 'show how a command is used');
  try {
    await program.parseAsync(line, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USE;
    terminal.err(explain(error));
    return FAILED;
  }
}

function createProgram(terminal: Terminal): Command {
  return new Command('intake')
    .description(
      'Documents, images and receipts into searchable, structured data, as durable background tasks.',
    )
    .version(VERSION)
    .option('--url <url>', 'the deployment to call (INTAKE_URL)')
    .option('--api-key <key>', 'who calls (INTAKE_API_KEY)')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
}

function createCli(program: Command, given: Pick<Cli, 'terminal' | 'launch' | 'variables'>): Cli {
  return {
    ...given,
    exitCode: 0,
    client() {
      const { url, apiKey } = {
        ...readClientConfig(given.variables),
        ...program.opts<{ url?: string; apiKey?: string }>(),
      };
      if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
        program.error(
          `error: ${url} is no address of Intake; give one such as http://127.0.0.1:8000 (--url, INTAKE_URL)`,
        );
      }
      return new IntakeClient({ url, apiKey });
    },
    show: (format, answer, toText) =>
      given.terminal.out(format === 'json' ? JSON.stringify(answer, null, 2) : toText()),
  };
}

/** One plain line, and one for each faulty field. */
function explain(error: unknown): string {
  if (!(error instanceof IntakeError))
    return `error: ${error instanceof Error ? error.message : String(error)}`;
  const { code, detail, errors, requestId, status } = error;
  const request = requestId && status !== null && status >= 500 ? `, request ${requestId}` : '';
  const fields = errors.map(({ path, message }) => `  ${path || 'body'}: ${message}`);
  return [`error: ${detail} (${code}${request})`, ...fields].map(harmless).join('\n');
}
