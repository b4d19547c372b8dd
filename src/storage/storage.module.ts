// owns: bytes that outlive a request, by key, and the way from a source to a local file.
// promises: a key never leaves its root; a stored object is whole or absent; what was read is hashed and bounded.
// never: knows what the bytes mean or whose they are.
import { Module } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { FilesystemObjectStore } from './filesystem-object-store.adapter.js';
import { ObjectStore } from './object-store.js';
import { SourceReader } from './source-reader.js';

@Module({
  providers: [Clock, { provide: ObjectStore, useClass: FilesystemObjectStore }, SourceReader],
  exports: [ObjectStore, SourceReader],
})
export class StorageModule {}
