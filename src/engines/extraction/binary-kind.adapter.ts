import { fileTypeFromFile } from 'file-type';

/** The media type that a file's magic bytes show, for telling people what they sent; undefined when none is known. */
export async function binaryKindOf(path: string): Promise<string | undefined> {
  try {
    return (await fileTypeFromFile(path))?.mime;
  } catch {
    return undefined;
  }
}
