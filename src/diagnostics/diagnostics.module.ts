// owns: a task type that only says back what it is given. promises: it runs wherever Intake runs.
// never: touches anything outside of its own task.
import { Module } from '@nestjs/common';
import { provideTask } from '../tasks/task-registry.js';
import { EchoHandler } from './echo.handler.js';
import { Echo } from './echo.task.js';

@Module({ providers: [provideTask(Echo)], exports: [] })
export class DiagnosticsModule {}

@Module({ imports: [DiagnosticsModule], providers: [EchoHandler] })
export class DiagnosticsWorkerModule {}
