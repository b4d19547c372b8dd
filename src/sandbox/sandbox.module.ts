// owns: child processes for untrusted or heavy work.
// promises: a job ends within its time and memory or is killed; a killed job takes nothing but its child with it.
// never: runs a job in this process; hands a child this process's environment.
import { Module } from '@nestjs/common';
import { DEFAULT_SANDBOX_OPTIONS, Sandbox, SandboxOptions } from './sandbox.js';

@Module({
  providers: [Sandbox, { provide: SandboxOptions, useValue: DEFAULT_SANDBOX_OPTIONS }],
  exports: [Sandbox],
})
export class SandboxModule {}
