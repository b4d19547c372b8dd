import { ClientRequest, IncomingMessage } from 'node:http';
import type { Span } from '@opentelemetry/api';
import type { Config } from '../config/config.js';
import { redact } from './redact.js';

/**
 * Starts OpenTelemetry when the environment names an OTLP endpoint. Must run before anything else is imported, since
 * it hooks `node:http`; nothing of it is loaded when off, so that an idle process stays small. The SDK reads the
 * other standard OTEL_* variables itself.
 * @param service OpenTelemetry's `service.name`, such as `intake-api`
 * @returns what flushes and stops it
 */
export async function startTracing(
  config: Pick<Config, 'tracing'>,
  service: string,
): Promise<() => Promise<void>> {
  if (!config.tracing) return async () => {};
  const [{ NodeSDK }, { OTLPTraceExporter }, { HttpInstrumentation }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/instrumentation-http'),
  ]);
  const sdk = new NodeSDK({
    serviceName: service,
    traceExporter: new OTLPTraceExporter(),
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url = '' }) => /^\/(?:health|metrics)\b/.test(url),
        requestHook: hideSecrets,
      }),
    ],
  });
  sdk.start();
  return () => sdk.shutdown();
}

/** A query may hold a token; spans leave the process as logs do. */
function hideSecrets(span: Span, request: object): void {
  if (request instanceof ClientRequest) {
    const [path = ''] = request.path.split('?');
    span.setAttribute('url.full', `${request.protocol}//${request.host}${path}`);
    return;
  }
  const query = request instanceof IncomingMessage ? request.url?.split('?')[1] : undefined;
  if (query) span.setAttribute('url.query', redact(`?${query}`).slice(1));
}
