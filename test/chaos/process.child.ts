// An API or a worker from the build that knows the chaos tasks too, and the isolated child that such a worker starts.
import 'reflect-metadata';
import { exitWith } from '../../src/apps/exit.js';
import { ChaosHandlersModule, ChaosTasksModule } from './chaos-tasks.js';

exitWith(async () => {
  if (process.argv.includes('--isolated'))
    return (await import('../../src/apps/isolated.command.js')).run([ChaosHandlersModule]);
  return process.argv.includes('api')
    ? (await import('../../src/apps/api.command.js')).run([ChaosTasksModule])
    : (await import('../../src/apps/worker.command.js')).run([ChaosHandlersModule]);
});
