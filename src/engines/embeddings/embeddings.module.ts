// owns: the models that turn texts and pictures into vectors. promises: one vector of length 1 for each, whatever it is;
// never on the event loop. never: stores a vector, or loads a model before it is asked for one.
import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import type { EmbedderConfig } from '../../config/embedder-settings.js';
import { configuredOutbound } from '../../http/configured-outbound.js';
import { BuiltinImageEmbedder } from './builtin-image-embedder.adapter.js';
import { BuiltinTextEmbedder } from './builtin-text-embedder.adapter.js';
import { ClipImageEmbedder } from './clip-image-embedder.adapter.js';
import { HttpImageEmbedder } from './http-image-embedder.adapter.js';
import { HttpTextEmbedder } from './http-text-embedder.adapter.js';
import { ImageEmbedder } from './image-embedder.js';
import { ImageEmbedders } from './image-embedders.js';
import { TextEmbedder } from './text-embedder.js';
import { TextEmbedders } from './text-embedders.js';
import { TransformersTextEmbedder } from './transformers-text-embedder.adapter.js';

const textEmbedder = {
  provide: TextEmbedder,
  inject: [Config, BuiltinTextEmbedder],
  useFactory: ({ textEmbedder: config }: Config, builtin: BuiltinTextEmbedder) =>
    textEmbedderOf(config, builtin),
};

/** The models that come with the package stay at hand: what they have made can be searched while others take over. */
const textEmbedders = {
  provide: TextEmbedders,
  inject: [TextEmbedder, BuiltinTextEmbedder],
  useFactory: (current: TextEmbedder, builtin: BuiltinTextEmbedder) => new TextEmbedders(current, [builtin]),
};

const imageEmbedder = {
  provide: ImageEmbedder,
  inject: [Config, BuiltinImageEmbedder],
  useFactory: ({ imageEmbedder: config }: Config, builtin: BuiltinImageEmbedder) =>
    imageEmbedderOf(config, builtin),
};

const imageEmbedders = {
  provide: ImageEmbedders,
  inject: [ImageEmbedder, BuiltinImageEmbedder],
  useFactory: (current: ImageEmbedder, builtin: BuiltinImageEmbedder) =>
    new ImageEmbedders(current, [builtin]),
};

@Module({
  providers: [
    BuiltinImageEmbedder,
    BuiltinTextEmbedder,
    imageEmbedder,
    imageEmbedders,
    textEmbedder,
    textEmbedders,
  ],
  exports: [ImageEmbedders, TextEmbedder, TextEmbedders],
})
export class EmbeddingsModule {}

function textEmbedderOf(config: EmbedderConfig, builtin: BuiltinTextEmbedder): TextEmbedder {
  switch (config.kind) {
    case 'builtin':
      return builtin;
    case 'http':
      return new HttpTextEmbedder(configuredOutbound(config.url), config);
    default:
      return new TransformersTextEmbedder(config.modelPath);
  }
}

function imageEmbedderOf(config: EmbedderConfig, builtin: BuiltinImageEmbedder): ImageEmbedder {
  switch (config.kind) {
    case 'builtin':
      return builtin;
    case 'http':
      return new HttpImageEmbedder(configuredOutbound(config.url), config);
    default:
      return new ClipImageEmbedder(config.modelPath);
  }
}
