// owns: the models that turn text into vectors. promises: one vector per text, whatever the text; never on the event loop.
// never: stores a vector, or loads a model before it is asked for one.
import { Module } from '@nestjs/common';
import { BuiltinTextEmbedder } from './builtin-text-embedder.adapter.js';
import { TextEmbedder } from './text-embedder.js';

@Module({ providers: [{ provide: TextEmbedder, useClass: BuiltinTextEmbedder }], exports: [TextEmbedder] })
export class EmbeddingsModule {}
