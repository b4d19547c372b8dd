// owns: text out of files.
// promises: a file is read for what its bytes are, in a child process, within limits; what fails is a documented fault.
// never: parses a byte in this process; trusts a name, a header or a declared type.
import { Module } from '@nestjs/common';
import { SandboxModule } from '../../sandbox/sandbox.module.js';
import { OcrModule } from '../ocr/ocr.module.js';
import { DEFAULT_EXTRACTION_LIMITS, ExtractionLimits } from './extraction-limits.js';
import { ScannedPages } from './scanned-pages.js';
import { TextExtractor } from './text-extractor.js';

@Module({
  imports: [OcrModule, SandboxModule],
  providers: [
    TextExtractor,
    ScannedPages,
    { provide: ExtractionLimits, useValue: DEFAULT_EXTRACTION_LIMITS },
  ],
  exports: [TextExtractor],
})
export class ExtractionModule {}
