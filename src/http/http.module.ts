// owns: how requests are read and answered. promises: bad input is refused with every fault named; every error is a
// problem document with a registered code; what is not in a schema does not leave. never: knows a feature.
import { Module, StandardSchemaSerializerInterceptor } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ProblemFilter } from './problem.filter.js';
import { RequestPipe } from './validation.js';

@Module({
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: RequestPipe },
    { provide: APP_INTERCEPTOR, useClass: StandardSchemaSerializerInterceptor },
  ],
})
export class HttpModule {}
