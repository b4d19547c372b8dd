import { Fault } from '../kernel/fault.js';

/** Deepest nesting of a request's JSON; a payload's own, lower limit names the path. */
const MAX_NESTING = 128;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
/** Perhaps a key `__proto__`, plain or behind an escape of an ASCII letter. */
const SUSPECT = /__proto__|\\u00/;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses a request's JSON.
 * @returns `undefined` for an empty body: some clients name a type without sending anything
 * @throws Fault request.malformed for what is not UTF-8, not JSON, nested too deep, or meant to poison prototypes
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (isNestedDeeper(body, MAX_NESTING)) {
    throw new Fault('request.malformed', `The JSON is nested deeper than ${MAX_NESTING} levels.`);
  }
  try {
    const text = utf8.decode(body);
    return JSON.parse(text, SUSPECT.test(text) ? refusingPrototypes : undefined);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Fault('request.malformed', `The body is not JSON in UTF-8: ${reason}`, { cause: error });
  }
}

function refusingPrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new Error('the key "__proto__" is not allowed');
  return value;
}

/** Counts brackets outside of strings, before a parser or a schema recurses over them. */
function isNestedDeeper(json: Buffer, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0;
    if (inString && byte === BACKSLASH) at += 1;
    else if (byte === QUOTE) inString = !inString;
    else if (inString) continue;
    else if (OPENING.has(byte)) depth += 1;
    else if (CLOSING.has(byte)) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}
