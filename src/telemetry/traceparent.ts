import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  isSpanContextValid,
  trace,
  type Span,
} from '@opentelemetry/api';
import { LogContext } from './log-context.js';

/** W3C Trace Context, 3.2.2: version, trace id, parent id, flags. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})/;

/** Attributes of a span, by the names of OpenTelemetry's semantic conventions. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** @returns the text when it is a traceparent, otherwise `undefined` */
export function validTraceparent(text: string | undefined): string | undefined {
  return text !== undefined && TRACEPARENT.test(text) ? text : undefined;
}

/**
 * The trace that the running code belongs to, to be stored with the work that it asks for. Without tracing it is
 * what the caller sent, handed on unchanged.
 */
export function currentTraceparent(): string | null {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span)) return LogContext.fields().traceparent ?? null;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The trace id for log lines. */
export function activeTraceId(): string | undefined {
  return currentTraceparent()?.slice(3, 35);
}

/** Names the span of the running request for its route, so that requests can be told apart without their ids. */
export function nameRequestSpan(method: string, route: string): void {
  trace.getActiveSpan()?.updateName(`${method} ${route}`).setAttribute('http.route', route);
}

/**
 * Runs the work in a consumer span that continues a stored trace; a plain call when tracing is off.
 * @param traceparent of who asked for the work; `null` starts a trace
 * @throws whatever the work throws, recorded on the span
 */
export function continueTrace<T>(
  traceparent: string | null,
  name: string,
  attributes: SpanAttributes,
  work: () => Promise<T>,
): Promise<T> {
  const parent = traceparent ? remoteContext(traceparent) : ROOT_CONTEXT;
  const run = (span: Span) => recorded(span, work);
  return LogContext.run(traceparent ? { traceparent } : {}, () =>
    trace.getTracer('intake').startActiveSpan(name, { kind: SpanKind.CONSUMER, attributes }, parent, run),
  );
}

async function recorded<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

function remoteContext(traceparent: string) {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  });
}
