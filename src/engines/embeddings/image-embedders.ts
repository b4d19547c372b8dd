import type { ImageEmbedder } from './image-embedder.js';
import { KnownModels } from './known-models.js';

export class ImageEmbedders extends KnownModels<ImageEmbedder> {
  protected override readonly purpose = 'images';
}
