/** Where the text of a group goes. */
export type Destination =
  | 'text'
  | 'skip'
  /** Both ways of writing one text: for readers of old, and in Unicode. */
  | 'twice'
  | 'fonts'
  | 'styles'
  | 'fact'
  | 'label'
  | 'field'
  | 'instruction'
  | 'result'
  | FlowKind;

/** Texts that stand on their own, beside the body. */
export type FlowKind = 'note' | 'header' | 'footer' | 'box';

const SKIPPED =
  'colortbl filetbl listtable listoverridetable revtbl rsidtbl pict objdata nonshppict shprslt sp nonesttables ' +
  'annotation atnid atnauthor atntime atnicn atnref atrfstart atrfend bkmkstart bkmkend tc tcn xe rxe private template ' +
  'generator ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn operator company manager category comment doccomm hlinkbase ' +
  'buptim printim revtim formfield datafield themedata mmathPr docvar userprops';

/** The first word of a group says where its text goes; groups marked with `\*` whose word is not here are skipped. */
export const DESTINATIONS: Record<string, Destination | undefined> = {
  ...Object.fromEntries(SKIPPED.split(' ').map((name) => [name, 'skip'] as const)),
  upr: 'twice',
  fonttbl: 'fonts',
  stylesheet: 'styles',
  title: 'fact',
  author: 'fact',
  subject: 'fact',
  keywords: 'fact',
  creatim: 'fact',
  listtext: 'label',
  pntext: 'label',
  field: 'field',
  fldinst: 'instruction',
  fldrslt: 'result',
  footnote: 'note',
  header: 'header',
  headerl: 'header',
  headerr: 'header',
  headerf: 'header',
  footer: 'footer',
  footerl: 'footer',
  footerr: 'footer',
  footerf: 'footer',
  shptxt: 'box',
  dptxbxtext: 'box',
  info: 'text',
  shpinst: 'text',
  do: 'text',
  nesttableprops: 'text',
};

/** Words that are a character. */
export const CHARACTERS: Record<string, string | undefined> = {
  tab: '\t',
  line: '\n',
  emdash: '—',
  endash: '–',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  bullet: '•',
  emspace: '\u2003',
  enspace: '\u2002',
  qmspace: '\u2005',
  zwj: '\u200d',
  zwnj: '\u200c',
  ltrmark: '\u200e',
  rtlmark: '\u200f',
};
