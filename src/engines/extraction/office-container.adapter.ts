import { stat } from 'node:fs/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { Fault } from '../../kernel/fault.js';
import type { DocumentType } from './extracted-document.js';
import type { ExtractionLimits } from './extraction-limits.js';
import { officeMetadata } from './office-metadata.js';

/** Where an office document says what it is about: of OOXML, of OpenDocument. */
const PROPERTIES = new Set(['docProps/core.xml', 'meta.xml']);
/** The parts that say what a container is are no longer than this. */
const MAX_HEAD_BYTES = 256 * 1_024;
/** Below this a container may inflate by any ratio: short XML is repetitive. */
const RATIO_FREE_BYTES = 32 * 1024 ** 2;

/** The type that the main part of a package is declared as (ECMA-376, part 1, 15.2); macros make it another, and are not run. */
const MAIN_PARTS: readonly (readonly [RegExp, DocumentType])[] = [
  [
    /wordprocessingml\.(document|template)\.main\+xml|ms-word\.(document|template)\.macroEnabled(Template)?\.main\+xml/,
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  ],
  [
    /spreadsheetml\.(sheet|template)\.main\+xml|ms-excel\.(sheet|template)\.macroEnabled\.main\+xml/,
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  ],
  [
    /presentationml\.(presentation|slideshow|template)\.main\+xml|ms-powerpoint\.(presentation|slideshow|template)\.macroEnabled\.main\+xml/,
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  ],
];
const ODT = 'application/vnd.oasis.opendocument.text';

/**
 * Says which office document a zip container is and inflates every entry once into nothing, counting: small sizes that
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
    const contentType = await kindOf(zip, entries);
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
    if (entry.isEncrypted()) throw encrypted();
    if (entries.push(entry) > zipEntries) throw tooLarge(`has more than ${zipEntries} parts`);
  }
  return entries;
}

async function kindOf(zip: ZipFile, entries: readonly Entry[]): Promise<DocumentType> {
  const head = async (name: string) =>
    headOf(
      zip,
      entries.find(({ fileName }) => fileName === name),
    );
  const types = await head('[Content_Types].xml');
  const main = MAIN_PARTS.find(([declared]) => declared.test(types));
  if (main) return main[1];
  if ((await head('mimetype')).trim().replace(/-template$/, '') !== ODT) throw notAnOfficeDocument();
  if ((await head('META-INF/manifest.xml')).includes('encryption-data')) throw encrypted();
  return ODT;
}

/** How a part begins; nothing when there is no such part. */
async function headOf(zip: ZipFile, entry: Entry | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of entry ? await zip.openReadStreamPromise(entry) : []) {
    chunks.push(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes >= MAX_HEAD_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_HEAD_BYTES);
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
  const tooMuch = () => tooLarge(`unpacks to more than ${allowedBytes} bytes`);
  if (entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0) > allowedBytes) throw tooMuch();
  let inflatedBytes = 0;
  let properties = '';
  for (const entry of entries) {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      const bytes = chunk as Buffer;
      inflatedBytes += bytes.length;
      if (inflatedBytes > allowedBytes) throw tooMuch();
      if (PROPERTIES.has(entry.fileName) && properties.length < MAX_HEAD_BYTES)
        properties += bytes.toString();
    }
  }
  return properties;
}

function notAnOfficeDocument(): Fault {
  return new Fault(
    'document.unsupported',
    'The bytes are a zip archive that is neither DOCX, XLSX, PPTX nor ODT; submit the documents in it one by one.',
  );
}

function encrypted(): Fault {
  return new Fault(
    'document.encrypted',
    'The document is protected by a password; remove it and submit it again.',
  );
}

function tooLarge(what: string): Fault {
  return new Fault('document.too_large', `The document ${what}.`);
}

function damaged(error: unknown): Fault {
  return new Fault('document.corrupt', 'The document is damaged: its zip container is cut off or broken.', {
    internal: String(error),
  });
}
