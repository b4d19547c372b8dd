const SECRET = '(?:authorization|cookie|api[-_]?key|token|password|secret|database_(?:direct_)?url)';

/** A JSON member whose name says that its text is secret, at any depth; also in JSON that is quoted inside a text. */
const MEMBER = new RegExp(String.raw`("[^"\\]*${SECRET}":)"(?:[^"\\]|\\.)*"`, 'gi');
const QUOTED_MEMBER = new RegExp(String.raw`(\\"[^"\\]*${SECRET}\\":\s*)\\"[^"\\]*\\"`, 'gi');
/** User and password of a URL such as `postgresql://user:password@host`. Lengths are bounded: lines can be long. */
const URL_CREDENTIALS = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@"'\\]{0,256}:[^\s@"'\\]{0,256}@/gi;
/** `?token=` and the like in a URL or a query. */
const PARAMETER = /([?&](?:token|api_key|access_token|signature|sig)=)[^&\s"'\\]+/gi;
const BEARER = /(\bBearer\s+|\bik_[a-z]+_|\bwhsec_)[\w.~+/=-]+/g;

/** Takes secrets out of one log line, wherever in it they stand: a member, a message, a stack trace. */
export function redact(line: string): string {
  return line
    .replace(MEMBER, '$1"***"')
    .replace(QUOTED_MEMBER, '$1\\"***\\"')
    .replace(URL_CREDENTIALS, '$1***@')
    .replace(PARAMETER, '$1***')
    .replace(BEARER, '$1***');
}
