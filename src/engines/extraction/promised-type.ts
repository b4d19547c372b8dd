import {
  DOCUMENT_TYPES,
  type DocumentType,
  type ExtractionWarning,
  type FileToExtract,
} from './extracted-document.js';

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const PPTX = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';
const ODT = 'application/vnd.oasis.opendocument.text';

const EXTENSIONS: Record<string, DocumentType> = {
  txt: 'text/plain',
  text: 'text/plain',
  md: 'text/markdown',
  markdown: 'text/markdown',
  html: 'text/html',
  htm: 'text/html',
  xhtml: 'text/html',
  csv: 'text/csv',
  tsv: 'text/csv',
  eml: 'message/rfc822',
  pdf: 'application/pdf',
  docx: DOCX,
  docm: DOCX,
  dotx: DOCX,
  xlsx: XLSX,
  xlsm: XLSX,
  xltx: XLSX,
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  webp: 'image/webp',
  pptx: PPTX,
  pptm: PPTX,
  ppsx: PPTX,
  potx: PPTX,
  odt: ODT,
  ott: ODT,
  rtf: 'application/rtf',
};

/** Extensions that promise something we do not read, and that no text kind goes by. */
const FOREIGN = /^(gif|bmp|svg|heic|mp[34]|mov|avi|wav|zip|gz|7z|rar|tar|exe|doc|xls|ppt|od[sp]|epub)$/;

function extensionOf(fileName: string): string {
  return /\.([A-Za-z0-9]{1,8})\s*$/.exec(fileName)?.[1]?.toLowerCase() ?? '';
}

/** What the name promises, else the declared type: a hint between kinds of text, whose bytes prove nothing. */
export function promisedType({ fileName, declaredType = '' }: FileToExtract): DocumentType | undefined {
  const declared = declaredType.split(';')[0]?.trim().toLowerCase();
  return EXTENSIONS[extensionOf(fileName)] ?? DOCUMENT_TYPES.find((type) => type === declared);
}

/** One warning when the name, or without a telling name the declared type, promised another kind than the bytes are. */
export function mismatchOf(file: FileToExtract, contentType: DocumentType): ExtractionWarning[] {
  const extension = extensionOf(file.fileName);
  const promised = FOREIGN.test(extension) ? 'another kind' : promisedType(file);
  // Many clients call every text text/plain.
  const vague = promised === 'text/plain' && !EXTENSIONS[extension];
  if (!promised || vague || promised === contentType) return [];
  const named =
    EXTENSIONS[extension] || FOREIGN.test(extension)
      ? `The name ends in .${extension}`
      : `It was declared as ${promised}`;
  return [
    {
      code: 'document.type_mismatch',
      detail: `${named}, but the bytes are ${contentType}; it was read as that.`,
    },
  ];
}
