import {
  destination,
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  pino,
  stdTimeFunctions,
} from 'pino';
import type { Config } from '../config/config.js';
import { LogContext } from './log-context.js';
import { redact } from './redact.js';
import { activeTraceId } from './traceparent.js';

/**
 * The process's log: JSON lines, or readable ones on a terminal.
 * @param stream where lines go; the configured file or standard output when absent
 */
export async function createLogger(
  config: Pick<Config, 'logLevel' | 'logFormat'> & Partial<Pick<Config, 'logFile'>>,
  stream?: DestinationStream,
): Promise<Logger> {
  if (config.logFile && !stream) {
    const file = destination({ dest: config.logFile, append: true, mkdir: true, sync: true });
    return pino(options(config.logLevel), file);
  }
  const format = config.logFormat ?? (process.stdout.isTTY ? 'pretty' : 'json');
  return pino(options(config.logLevel), stream ?? (format === 'pretty' ? await readable() : process.stdout));
}

function options(level: string): LoggerOptions {
  return {
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: contextOfLine,
    hooks: { streamWrite: redact },
  };
}

function contextOfLine() {
  const { traceparent: _, ...fields } = LogContext.fields();
  return { ...fields, trace_id: activeTraceId() };
}

async function readable(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ ignore: 'pid', translateTime: 'SYS:HH:MM:ss.l', singleLine: true });
}
