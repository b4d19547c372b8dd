import { stat } from 'node:fs/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { Fault } from '../../kernel/fault.js';
import type { DocumentType } from './extracted-document.js';
import type { ExtractionLimits } from './extraction-limits.js';
import { officeMetadata } from './office-metadata.js';

const PROPERTIES = 'docProps/core.xml';
const MAX_PROPERTIES_BYTES = 64 * 1_024;
/** Below this a container may inflate by any ratio: short XML is repetitive. */
const RATIO_FREE_BYTES = 32 * 1024 ** 2;

const KINDS: readonly (readonly [RegExp, DocumentType])[] = [
  [/^word\//, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  [/^xl\//, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
];

/**
 * Says which office document a zip container is and inflates every entry once into nothing, counting: the sizes that
 * its headers claim prove nothing, and a parser would hold what it inflates.
 * @throws Fault document.corrupt, document.encrypted, document.unsupported, document.too_large
 */
export async function openOfficeContainer(
  path: string,
  limits: ExtractionLimits,
): Promise<{ contentType: DocumentType; metadata: Record<string, string> }> {
  const zip = await openZip(path);
  try {
    const entries = await listEntries(zip, limits);
    const contentType = kindOf(entries);
    const properties = await inflateAll(zip, entries, (await stat(path)).size, limits);
    return { contentType, metadata: officeMetadata(properties) };
  } catch (error) {
    throw Fault.is(error) ? error : damaged(error);
  } finally {
    zip.close();
  }
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    return await openPromise(path, { autoClose: false, validateEntrySizes: false });
  } catch (error) {
    throw damaged(error);
  }
}

async function listEntries(zip: ZipFile, { zipEntries }: ExtractionLimits): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (entry.isEncrypted())
      throw new Fault('document.encrypted', 'The document is protected by a password.');
    if (entries.push(entry) > zipEntries) throw tooLarge(`has more than ${zipEntries} parts`);
  }
  return entries;
}

function kindOf(entries: readonly Entry[]): DocumentType {
  const names = entries.map(({ fileName }) => fileName);
  const kind = KINDS.find(([folder]) => names.some((name) => folder.test(name)));
  if (kind && names.includes('[Content_Types].xml')) return kind[1];
  throw new Fault('document.unsupported', 'The bytes are a zip archive that is neither DOCX nor XLSX.');
}

async function inflateAll(
  zip: ZipFile,
  entries: readonly Entry[],
  fileBytes: number,
  limits: ExtractionLimits,
): Promise<string> {
  const allowedBytes = Math.min(
    limits.inflatedBytes,
    Math.max(RATIO_FREE_BYTES, fileBytes * limits.inflationRatio),
  );
  let inflatedBytes = 0;
  let properties = '';
  for (const entry of entries) {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      const bytes = chunk as Buffer;
      inflatedBytes += bytes.length;
      if (inflatedBytes > allowedBytes) throw tooLarge(`unpacks to more than ${allowedBytes} bytes`);
      if (entry.fileName === PROPERTIES && properties.length < MAX_PROPERTIES_BYTES)
        properties += bytes.toString();
    }
  }
  return properties;
}

function tooLarge(what: string): Fault {
  return new Fault('document.too_large', `The document ${what}.`);
}

function damaged(error: unknown): Fault {
  return new Fault('document.corrupt', 'The document is damaged: its zip container is cut off or broken.', {
    internal: String(error),
  });
}
