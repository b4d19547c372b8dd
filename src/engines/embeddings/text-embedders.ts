import { KnownModels } from './known-models.js';
import type { TextEmbedder } from './text-embedder.js';

export class TextEmbedders extends KnownModels<TextEmbedder> {
  protected override readonly purpose = 'documents';
}
