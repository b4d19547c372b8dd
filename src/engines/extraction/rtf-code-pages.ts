import { decodeAs, type Decoder } from './text-encoding.js';

/** Code pages of DOS that no decoder of the platform knows: what stands at 0x80 and above. */
const DOS: Record<number, string> = {
  437: 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
  850: 'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u00ad±‗¾¶§÷¸°¨·¹³²■\u00a0',
};

/** Code pages whose names for a decoder are not `windows-` and their number. */
const LABELS: Record<number, string> = {
  866: 'ibm866',
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  1361: 'euc-kr',
  10000: 'macintosh',
  10007: 'x-mac-cyrillic',
  20866: 'koi8-r',
  54936: 'gb18030',
  65001: 'utf-8',
};

/** The code page of a font by its character set (RTF 1.9.1, `\fcharset`); others are those of the document. */
export const CODE_PAGE_OF_CHARSET: Record<number, number> = {
  0: 1252,
  77: 10000,
  128: 932,
  129: 949,
  130: 1361,
  134: 936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
  254: 437,
  255: 850,
};

/** Decodes bytes of a code page; those of an unknown one as Windows-1252. */
export function decodeCodePage(bytes: Buffer, codePage: number): string {
  const dos = DOS[codePage];
  if (dos)
    return bytes.toString('latin1').replace(/[\x80-\xff]/g, (byte) => dos.charAt(byte.charCodeAt(0) - 0x80));
  return decodeAs(decoderOf(codePage), bytes);
}

const decoders = new Map<number, Decoder>();

function decoderOf(codePage: number): Decoder {
  const known = decoders.get(codePage) ?? newDecoder(codePage);
  decoders.set(codePage, known);
  return known;
}

function newDecoder(codePage: number): Decoder {
  try {
    return new TextDecoder(LABELS[codePage] ?? `windows-${codePage}`);
  } catch {
    return new TextDecoder('windows-1252');
  }
}
