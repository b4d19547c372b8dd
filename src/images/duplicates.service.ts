import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Fault } from '../kernel/fault.js';
import type { TenantScope } from '../kernel/tenant-scope.js';
import { DuplicatesRepository, type ReachedImage } from './duplicates.repository.js';
import { nameOf, type DecideDuplicates, type NamedImage } from './duplicates.contract.js';
import { ImageIndex } from './image-index.js';
import { imageLinks } from './image-views.js';
import { ImagesRepository, type ImageRow } from './images.repository.js';

/** Images of a group that are shown. */
const SHOWN = 100;

/** Groups of images that look the same, and what is decided about them. */
@Injectable()
export class DuplicatesService {
  constructor(
    private readonly database: Database,
    private readonly images: ImagesRepository,
    private readonly duplicates: DuplicatesRepository,
    private readonly index: ImageIndex,
  ) {}

  /** Undecided groups, by their oldest images. @param roots images that may be the oldest of one */
  async groups(scope: TenantScope, roots: readonly string[]) {
    const reached = await this.duplicates.reached(scope, roots);
    const groups = roots.map((root) => reached.get(root) ?? []).filter(isGroup);
    const shown = groups.flatMap((members) => members.slice(0, SHOWN).map(({ id }) => id));
    const rows = new Map((await this.images.byIds(scope, shown)).map((row) => [row.id, row]));
    const near = await this.duplicates.near(scope, shown);
    return groups.map((members) => ({
      group_id: members[0].root,
      size: members.length,
      images: members.flatMap(({ id }) => {
        const row = rows.get(id);
        return row ? [toMember(row, near.get(id)?.[0]?.similarity ?? 0)] : [];
      }),
    }));
  }

  /** @returns images that may be the oldest of an undecided group */
  roots(scope: TenantScope, limit: number, after?: string): Promise<string[]> {
    return this.duplicates.roots(scope, limit, after);
  }

  /**
   * Remembers what is decided: pairs of the named images do not come up again; what is discarded is searched no longer.
   * @throws Fault `duplicates.group_not_found`, `request.invalid` for an image that is not of the group
   */
  async decide(scope: TenantScope, group: string, { keep, discard }: DecideDuplicates) {
    const members = membersOf(group, await this.duplicates.reached(scope, [group]));
    const kept = idsOf(members, keep, 'keep');
    const discarded = idsOf(members, discard, 'discard');
    const images = [...kept, ...discarded];
    await this.database.transaction(async (tx) => {
      await this.duplicates.lock(tx, images);
      const now = membersOf(group, await this.duplicates.reached(scope, [group], tx));
      // Somebody else may have decided meanwhile, or an image may have got another picture.
      idsOf(now, keep, 'keep');
      idsOf(now, discard, 'discard');
      await this.duplicates.decide(tx, scope, { images, discarded });
      await this.index.delete(tx, scope, discarded);
    });
    return {
      group_id: group,
      kept: keep,
      discarded: discard,
      undecided: members.length - new Set(images).size,
    };
  }
}

/** The oldest image is the root, and there is another one. */
function isGroup(members: readonly ReachedImage[]): boolean {
  return members.length > 1 && members[0].id === members[0].root;
}

function membersOf(group: string, reached: ReadonlyMap<string, ReachedImage[]>): ReachedImage[] {
  const members = reached.get(group) ?? [];
  if (isGroup(members)) return members;
  throw new Fault('duplicates.group_not_found', `There is no undecided group ${group}`);
}

function idsOf(members: readonly ReachedImage[], named: readonly NamedImage[], path: string): string[] {
  const ids = new Map(members.map((member) => [nameOf(member), member.id]));
  const strangers = named.flatMap((image, at) =>
    ids.has(nameOf(image)) ? [] : [{ path: `${path}.${at}`, message: 'is no image of this group' }],
  );
  if (strangers.length > 0)
    throw new Fault('request.invalid', 'The decision names other images. See `errors`.', {
      errors: strangers,
    });
  return named.map((image) => ids.get(nameOf(image)) ?? '');
}

function toMember(row: ImageRow, similarity: number) {
  return {
    product_id: row.productId,
    image_id: row.imageId,
    name: row.name,
    width: row.width,
    height: row.height,
    size_bytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    similarity,
    created_at: row.createdAt.toISOString(),
    links: imageLinks(row),
  };
}
