import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Attributes, Context, Tracer } from '@opentelemetry/api'
import type { RequestHandler } from 'express'

/** Spans for an OpenTelemetry collector; without an endpoint nothing is made and nothing is loaded. */
export interface Tracing {
  /** A span for each request that passes. */
  readonly middleware: RequestHandler
  /** A span around `work`. */
  span<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

const off: Tracing = {
  middleware: (_request, _response, next) => next(),
  span: (_name, _attributes, work) => work(),
  close: async () => undefined,
}

/** `endpoint`: base address of an OTLP/HTTP collector (`OTEL_EXPORTER_OTLP_ENDPOINT`). `connector`: our participant id. */
export async function createTracing(endpoint: string | undefined, connector: () => string): Promise<Tracing> {
  if (endpoint === undefined) return off
  const [{ BatchSpanProcessor, TracerProvider }, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  // OpenTelemetry protocol exporter specification: the endpoint is a base, traces go to its /v1/traces.
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` })
  const provider = new TracerProvider({ resource: resourceFromAttributes({ 'service.name': 'concordat' }), spanProcessors: [new BatchSpanProcessor({ exporter })] })
  const tracer = provider.getTracer('concordat')
  return {
    middleware: requestSpans(tracer, connector),
    span: async (name, attributes, work) => {
      const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: { 'concordat.connector': connector(), ...attributes } })
      try {
        return await context.with(trace.setSpan(context.active(), span), work)
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: Error.isError(error) ? error.message : 'failed' })
        throw error
      } finally {
        span.end()
      }
    },
    close: () => provider.shutdown(),
  }
}

function requestSpans(tracer: Tracer, connector: () => string): RequestHandler {
  return (request, response, next) => {
    // The path alone: a query may hold what must not leave.
    const attributes = { 'http.request.method': request.method, 'url.path': request.path, 'concordat.connector': connector() }
    const span = tracer.startSpan(`${request.method} ${request.path.split('/').slice(0, 4).join('/')}`, { kind: SpanKind.SERVER, attributes }, parentOf(request.headers['traceparent']))
    response.once('close', () => {
      span.setAttribute('http.response.status_code', response.statusCode)
      if (response.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    })
    next()
  }
}

// W3C Trace Context §3.2: version 00, trace id, parent id, flags.
function parentOf(header: string | string[] | undefined): Context {
  const [, traceId, spanId, flags] = (typeof header === 'string' ? /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) : null) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}
