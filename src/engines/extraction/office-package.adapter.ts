import { posix } from 'node:path';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { elementsOf, parseXml, type XmlElement } from './xml-tree.adapter.js';

/** What a relationship of a part leads to: another part of the package. */
export interface Relation {
  /** The last word of its type: `slide`, `footnotes`, … */
  type: string;
  target: string;
}

/** The parts of an office document; one is inflated when asked for, and what is outside of the file is never reached. */
export class OfficePackage {
  private constructor(
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  /** Opens a container that has been counted already; runs `read` and closes it. */
  static async read<Out>(path: string, read: (parts: OfficePackage) => Promise<Out>): Promise<Out> {
    const zip = await openPromise(path, { autoClose: false, validateEntrySizes: false });
    try {
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
      return await read(new OfficePackage(zip, entries));
    } finally {
      zip.close();
    }
  }

  /** @returns undefined when there is no such part */
  async xml(name: string | undefined): Promise<XmlElement | undefined> {
    const entry = name === undefined ? undefined : this.entries.get(name);
    if (!entry) return undefined;
    const chunks: Buffer[] = [];
    for await (const chunk of await this.zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    return parseXml(decodeXml(Buffer.concat(chunks)));
  }

  /** A part that the document cannot do without. */
  async required(name: string | undefined): Promise<XmlElement> {
    const part = await this.xml(name);
    if (!part) throw new Error(`the part ${name} is missing`);
    return part;
  }

  /** The relationships of a part by their ids (ECMA-376, part 2, 9.3); those that lead out of the file are left out. */
  async relations(part: string): Promise<Map<string, Relation>> {
    const { dir, base } = posix.parse(part);
    const root = await this.xml(posix.join(dir, '_rels', `${base}.rels`));
    const inside = elementsOf(root, 'rels:Relationship').filter(
      ({ attributes }) => attributes.TargetMode !== 'External',
    );
    return new Map(
      inside.map(({ attributes: { Id = '', Type = '', Target = '' } }) => [
        Id,
        { type: posix.basename(Type), target: resolveTarget(dir, Target) },
      ]),
    );
  }
}

function resolveTarget(folder: string, target: string): string {
  return posix.resolve('/', folder, target).slice(1);
}

/** Parts are UTF-8, or UTF-16 with its mark. */
function decodeXml(bytes: Buffer): string {
  const marked = bytes[0] === 0xff ? 'utf-16le' : bytes[0] === 0xfe ? 'utf-16be' : 'utf-8';
  return new TextDecoder(marked, { fatal: true }).decode(bytes);
}

/** The part that the first relationship of a type leads to. */
export function targetOf(relations: ReadonlyMap<string, Relation>, type: string): string | undefined {
  return [...relations.values()].find((relation) => relation.type === type)?.target;
}
