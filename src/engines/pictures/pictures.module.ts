// owns: what is to be known of a picture by looking at it.
// promises: a picture is read for what its bytes are, in a child process, within limits; what fails is a documented fault.
// never: decodes a pixel in this process; tells where a picture was taken unless asked.
import { Module } from '@nestjs/common';
import { SandboxModule } from '../../sandbox/sandbox.module.js';
import { DEFAULT_PICTURE_LIMITS, PictureLimits } from './picture-limits.js';
import { PictureReader } from './picture-reader.js';

@Module({
  imports: [SandboxModule],
  providers: [PictureReader, { provide: PictureLimits, useValue: DEFAULT_PICTURE_LIMITS }],
  exports: [PictureReader],
})
export class PicturesModule {}
