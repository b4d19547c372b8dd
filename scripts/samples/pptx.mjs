import { zip } from './zip.mjs';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OFFICE = 'http://schemas.openxmlformats.org';
const LINKS = `${OFFICE}/officeDocument/2006/relationships`;
const NAMES = `xmlns:a="${OFFICE}/drawingml/2006/main" xmlns:r="${LINKS}" xmlns:p="${OFFICE}/presentationml/2006/main"`;
const TYPE = 'application/vnd.openxmlformats-officedocument.presentationml';
const GROUP =
  '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>';
const MAP =
  '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>';

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const tree = (shapes) => `<p:cSld><p:spTree>${GROUP}${shapes}</p:spTree></p:cSld>`;
const part = (root, content) => `${DECLARATION}<p:${root} ${NAMES}>${content}</p:${root}>`;
const links = (targets) =>
  `${DECLARATION}<Relationships xmlns="${OFFICE}/package/2006/relationships">${targets
    .map(([type, target], at) => `<Relationship Id="rId${at + 1}" Type="${LINKS}/${type}" Target="${target}"/>`)
    .join('')}</Relationships>`;

/** A placeholder; its place in millimetres from the left upper corner. */
function shape(id, type, paragraphs, [left, top, width, height]) {
  const emu = (millimetres) => millimetres * 36_000;
  const lines = paragraphs.map(
    ({ text, item }) =>
      `<a:p><a:pPr${item ? ' marL="342900" indent="-342900"' : ''}>${item ? '<a:buChar char="•"/>' : '<a:buNone/>'}</a:pPr><a:r><a:rPr lang="en-GB"/><a:t>${escape(text)}</a:t></a:r></a:p>`,
  );
  return (
    `<p:sp><p:nvSpPr><p:cNvPr id="${id}" name="${type} ${id}"/><p:cNvSpPr/><p:nvPr><p:ph type="${type}"${type === 'body' ? ' idx="1"' : ''}/></p:nvPr></p:nvSpPr>` +
    `<p:spPr><a:xfrm><a:off x="${emu(left)}" y="${emu(top)}"/><a:ext cx="${emu(width)}" cy="${emu(height)}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>` +
    `<p:txBody><a:bodyPr/><a:lstStyle/>${lines.join('') || '<a:p/>'}</p:txBody></p:sp>`
  );
}

/** Each heading begins a slide; items stand on it, and quotes are what its speaker says. */
function slidesOf(blocks) {
  const slides = [];
  for (const { level, text } of blocks) {
    if (level > 0) slides.push({ title: text, lines: [], notes: [] });
    else if (text.startsWith('> ')) slides.at(-1).notes.push({ text: text.slice(2) });
    else if (text.startsWith('- '))
      slides.at(-1).lines.push(...text.slice(2).split(' - ').map((each) => ({ text: each, item: true })));
    else slides.at(-1).lines.push({ text });
  }
  return slides;
}

/** A presentation (ECMA-376) with speaker notes. */
export function toPptx(blocks) {
  const slides = slidesOf(blocks);
  const numbered = slides.map((slide, at) => ({ ...slide, number: at + 1 }));
  const override = (name, type) => `<Override PartName="/ppt/${name}.xml" ContentType="${TYPE}.${type}+xml"/>`;
  const files = {
    '[Content_Types].xml':
      `${DECLARATION}<Types xmlns="${OFFICE}/package/2006/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>' +
      override('presentation', 'presentation.main') +
      override('slideMasters/slideMaster1', 'slideMaster') +
      override('slideLayouts/slideLayout1', 'slideLayout') +
      override('notesMasters/notesMaster1', 'notesMaster') +
      ['theme1', 'theme2']
        .map((name) => `<Override PartName="/ppt/theme/${name}.xml" ContentType="application/vnd.openxmlformats-officedocument.theme+xml"/>`)
        .join('') +
      '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>' +
      numbered.map(({ number }) => override(`slides/slide${number}`, 'slide') + override(`notesSlides/notesSlide${number}`, 'notesSlide')).join('') +
      '</Types>',
    '_rels/.rels': links([['officeDocument', 'ppt/presentation.xml']]).replace(
      '</Relationships>',
      `<Relationship Id="rId2" Type="${OFFICE}/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`,
    ),
    'docProps/core.xml':
      `${DECLARATION}<cp:coreProperties xmlns:cp="${OFFICE}/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/">` +
      `<dc:title>${escape(slides[0].title)}</dc:title><dc:creator>Skerry Point Trust</dc:creator></cp:coreProperties>`,
    'ppt/presentation.xml': part(
      'presentation',
      '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst><p:notesMasterIdLst><p:notesMasterId r:id="rId2"/></p:notesMasterIdLst>' +
        `<p:sldIdLst>${numbered.map(({ number }) => `<p:sldId id="${255 + number}" r:id="rId${number + 2}"/>`).join('')}</p:sldIdLst>` +
        '<p:sldSz cx="12192000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>',
    ),
    'ppt/_rels/presentation.xml.rels': links([
      ['slideMaster', 'slideMasters/slideMaster1.xml'],
      ['notesMaster', 'notesMasters/notesMaster1.xml'],
      ...numbered.map(({ number }) => ['slide', `slides/slide${number}.xml`]),
    ]),
    'ppt/slideMasters/slideMaster1.xml': part(
      'sldMaster',
      `${tree('')}${MAP}<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst>`,
    ),
    'ppt/slideMasters/_rels/slideMaster1.xml.rels': links([
      ['slideLayout', '../slideLayouts/slideLayout1.xml'],
      ['theme', '../theme/theme1.xml'],
    ]),
    'ppt/slideLayouts/slideLayout1.xml': part('sldLayout', `${tree('')}<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr>`),
    'ppt/slideLayouts/_rels/slideLayout1.xml.rels': links([['slideMaster', '../slideMasters/slideMaster1.xml']]),
    'ppt/notesMasters/notesMaster1.xml': part('notesMaster', `${tree('')}${MAP}`),
    'ppt/notesMasters/_rels/notesMaster1.xml.rels': links([['theme', '../theme/theme2.xml']]),
    'ppt/theme/theme1.xml': theme(),
    'ppt/theme/theme2.xml': theme(),
  };
  for (const { number, title, lines, notes } of numbered) {
    files[`ppt/slides/slide${number}.xml`] = part(
      'sld',
      tree(shape(2, 'title', [{ text: title }], [20, 12, 290, 30]) + shape(3, 'body', lines, [20, 50, 290, 120])),
    );
    files[`ppt/slides/_rels/slide${number}.xml.rels`] = links([
      ['slideLayout', '../slideLayouts/slideLayout1.xml'],
      ['notesSlide', `../notesSlides/notesSlide${number}.xml`],
    ]);
    files[`ppt/notesSlides/notesSlide${number}.xml`] = part('notes', tree(shape(2, 'body', notes, [20, 120, 150, 100])));
    files[`ppt/notesSlides/_rels/notesSlide${number}.xml.rels`] = links([
      ['slide', `../slides/slide${number}.xml`],
      ['notesMaster', '../notesMasters/notesMaster1.xml'],
    ]);
  }
  return zip(files);
}

/** The least that a theme must have. */
function theme() {
  const colours = ['dk1', 'lt1', 'dk2', 'lt2', 'accent1', 'accent2', 'accent3', 'accent4', 'accent5', 'accent6', 'hlink', 'folHlink'];
  const shade = (name) => (name.startsWith('lt') ? 'FFFFFF' : '22313F');
  const font = '<a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/>';
  const fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>';
  const three = (content) => content.repeat(3);
  return (
    `${DECLARATION}<a:theme xmlns:a="${OFFICE}/drawingml/2006/main" name="Plain"><a:themeElements>` +
    `<a:clrScheme name="Plain">${colours.map((name) => `<a:${name}><a:srgbClr val="${shade(name)}"/></a:${name}>`).join('')}</a:clrScheme>` +
    `<a:fontScheme name="Plain"><a:majorFont>${font}</a:majorFont><a:minorFont>${font}</a:minorFont></a:fontScheme>` +
    `<a:fmtScheme name="Plain"><a:fillStyleLst>${three(fill)}</a:fillStyleLst><a:lnStyleLst>${three(`<a:ln>${fill}</a:ln>`)}</a:lnStyleLst>` +
    `<a:effectStyleLst>${three('<a:effectStyle><a:effectLst/></a:effectStyle>')}</a:effectStyleLst><a:bgFillStyleLst>${three(fill)}</a:bgFillStyleLst></a:fmtScheme>` +
    '</a:themeElements></a:theme>'
  );
}
