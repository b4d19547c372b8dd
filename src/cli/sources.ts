import { basename } from 'node:path';

const ELSEWHERE = /^(https?|s3|minio|r2):\/\//i;

/** What a line names: a file of this machine, or something that lies elsewhere. */
export interface NamedSource {
  kind: 'file' | 'url' | 'object';
  /** The last part of its path; a URL's host where there is none. */
  name: string;
}

export function namedSource(text: string): NamedSource {
  const scheme = ELSEWHERE.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'file', name: basename(text) };
  return { kind: scheme.startsWith('http') ? 'url' : 'object', name: lastPart(text) };
}

function lastPart(url: string): string {
  const [place = ''] = url.split(/[?#]/);
  const last = place.replace(/\/+$/, '').split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
