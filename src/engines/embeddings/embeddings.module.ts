// owns: the models that turn text into vectors. promises: one vector per text, whatever the text; never on the event loop.
// never: stores a vector, or loads a model before it is asked for one.
import { Module } from '@nestjs/common';
import { BuiltinTextEmbedder } from './builtin-text-embedder.adapter.js';
import { TextEmbedder } from './text-embedder.js';
import { TextEmbedders } from './text-embedders.js';

/** The model that comes with the package stays at hand: what it has made can be searched while another one takes over. */
const textEmbedders = {
  provide: TextEmbedders,
  inject: [TextEmbedder, BuiltinTextEmbedder],
  useFactory: (current: TextEmbedder, builtin: BuiltinTextEmbedder) => new TextEmbedders(current, [builtin]),
};

@Module({
  providers: [
    BuiltinTextEmbedder,
    { provide: TextEmbedder, useExisting: BuiltinTextEmbedder },
    textEmbedders,
  ],
  exports: [TextEmbedder, TextEmbedders],
})
export class EmbeddingsModule {}
