import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

const NOUNS: Record<string, string> = {
  int: 'a whole number',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const FORMATS: Record<string, string> = {
  datetime: 'a time such as 2026-01-31T12:00:00Z',
  uuid: 'a UUID',
  url: 'an absolute URL such as https://example.org/path',
  email: 'an e-mail address',
};

/** Our words for Zod's issues, wherever a schema brings none of its own: what is wrong, the limit, the fix. */
export function wording(issue: Issue): string | undefined {
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
    return 'is missing; it is required';
  }
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${NOUNS[issue.expected] ?? `a ${issue.expected}`}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`;
    case 'too_small':
      return limited(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return limited(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return FORMATS[issue.format] && `must be ${FORMATS[issue.format]}`;
    default:
      return undefined;
  }
}

function oneOf(values: readonly unknown[]): string {
  const list = values.map((value) => JSON.stringify(value)).join(', ');
  return values.length > 1 ? `one of ${list}` : list;
}

function limited(origin: string, comparison: string, limit: number | bigint): string {
  const noun = { string: 'character', array: 'item', set: 'item' }[origin];
  return noun
    ? `must have ${comparison} ${limit} ${noun}${limit === 1 ? '' : 's'}`
    : `must be ${comparison} ${limit}`;
}
