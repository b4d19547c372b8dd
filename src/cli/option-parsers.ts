import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { Json } from '../kernel/json.js';
import { Priority } from '../tasks/tasks.contract.js';

/** The option of every command that prints an answer. */
export function formatOption(): Option {
  return new Option('--format <format>', 'how to print the answer')
    .choices(['table', 'json'])
    .default('table');
}

export function priorityOption(): Option {
  return new Option('--priority <priority>', '0 to 9, or low, normal, high, urgent').argParser(parsePriority);
}

export function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const number = Number(text);
    if (!text.trim() || !Number.isInteger(number) || number < min || number > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return number;
  };
}

/** @param unit what is counted, for the message */
export function amountOf(unit: string) {
  return (text: string): number => {
    const number = Number(text);
    if (!text.trim() || !(number > 0))
      throw new InvalidArgumentError(`It must be a number of ${unit} above 0.`);
    return number;
  };
}

/** JSON as it stands, or what lies in a file: `@tasks/payload.json`. */
export function parsePayload(text: string): Json {
  const source = text.startsWith('@') ? readText(text.slice(1)) : text;
  try {
    return JSON.parse(source) as Json;
  } catch (error) {
    throw new InvalidArgumentError(`It is no JSON: ${(error as Error).message}.`);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`Cannot read ${path}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}

function parsePriority(text: string): number {
  const parsed = Priority.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!parsed.success) throw new InvalidArgumentError('It must be 0 to 9, or low, normal, high or urgent.');
  return parsed.data;
}
