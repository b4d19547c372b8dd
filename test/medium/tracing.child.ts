import { startTracing } from '../../src/telemetry/tracing.js';

// An API that answers with the trace it is part of, then goes on with it as a worker would; flushes and ends on stdin's end.
const stop = await startTracing({ tracing: process.argv[2] === 'on' }, 'intake-test');
const { startTracedApi } = await import('./traced-api.js');
const { url, close } = await startTracedApi();
process.stdout.write(`${JSON.stringify({ listening: url })}\n`);
process.stdin.resume().once('end', () => {
  void close()
    .then(stop)
    .then(() => process.exit(0));
});
