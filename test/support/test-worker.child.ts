// A worker process with the test handlers beside ours, and the isolated child that it starts for suspects.
import 'reflect-metadata';
import { exitWith } from '../../src/apps/exit.js';
import { TestHandlersModule } from './test-tasks.js';

exitWith(async () =>
  process.argv.includes('--isolated')
    ? (await import('../../src/apps/isolated.command.js')).run([TestHandlersModule])
    : (await import('../../src/apps/worker.command.js')).run([TestHandlersModule]),
);
