import type { Json } from '../kernel/json.js';
import type { TaskStatus } from '../kernel/task-status.js';
import type { ImageHit } from './image-search.contract.js';
import type { Exif, ImageView, NearDuplicate } from './images.contract.js';
import type { ImageRow } from './images.repository.js';

/** Where an image's own calls are. */
export function imageLinks({ productId, imageId }: Pick<ImageRow, 'productId' | 'imageId'>) {
  const product = `/api/images/${encodeURIComponent(productId)}`;
  const query = `?image_id=${encodeURIComponent(imageId)}`;
  return {
    self: product + query,
    thumbnail: `${product}/thumbnail${query}`,
    file: `${product}/file${query}`,
  };
}

/** What a view tells beside the row. */
interface Beside {
  /** Of its task; retention may have taken it: then what the row holds tells how it ended. */
  status?: TaskStatus;
  /** Whose vector searches find it by. */
  model?: string;
  near?: readonly NearDuplicate[];
}

export function toImageView(row: ImageRow, { status, model, near = [] }: Beside): ImageView {
  return {
    product_id: row.productId,
    image_id: row.imageId,
    user_id: row.userId,
    name: row.name,
    description: row.description,
    tags: row.tags,
    metadata: row.metadata as Record<string, Json>,
    image_path: row.imagePath,
    status: status ?? (row.generation === null ? 'failed' : 'completed'),
    task_id: row.taskId,
    content_type: row.contentType,
    size_bytes: row.sizeBytes === null ? null : Number(row.sizeBytes),
    width: row.width,
    height: row.height,
    frames: row.frames,
    has_alpha: row.hasAlpha,
    sha256: row.sha256,
    perceptual_hash: row.perceptualHash,
    model: model ?? null,
    colours: row.colours,
    taken_at: row.takenAt?.toISOString() ?? null,
    exif: row.exif as Exif | null,
    near_duplicates: [...near],
    discarded_at: row.discardedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
    processed_at: row.processedAt?.toISOString() ?? null,
    links: { ...imageLinks(row), task: `/api/tasks/${row.taskId}` },
  };
}

export function toImageHit(row: ImageRow, score: number): ImageHit {
  return {
    product_id: row.productId,
    image_id: row.imageId,
    score,
    name: row.name,
    tags: row.tags,
    colours: row.colours,
    metadata: row.metadata as Record<string, Json>,
    links: imageLinks(row),
  };
}
