import type { RequestHandler } from 'express'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Audit, AuditRecord } from '../audit/audit.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

/** What a connector counts, each connector in a registry of its own. */
export interface Metrics {
  readonly registry: Registry
  /** One request of either listener; `route` is its pattern, never its path. */
  request(seen: { listener: string; method: string; route: string; status: number; ms: number }): void
  /** One record that was written: states entered, bytes released. */
  record(record: AuditRecord): void
  /** One receipt of a provider, by what it is worth. */
  receipt(state: string): void
  /** Values read when metrics are asked for. */
  readonly sizes: Gauge<'of'>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({ name: 'concordat_http_request_seconds', help: 'Requests by route and status', labelNames: ['listener', 'method', 'route', 'status'] as const, buckets: [0.01, 0.1, 1, 10], registers })
  const receipts = new Counter({ name: 'concordat_receipts_total', help: 'Receipts of providers for their answers and deliveries, by what they are worth', labelNames: ['state'] as const, registers })
  const records = new Counter({ name: 'concordat_records_total', help: 'Audit records written, by type', labelNames: ['type'] as const, registers })
  const states = new Counter({ name: 'concordat_states_entered_total', help: 'States that negotiations and transfers entered', labelNames: ['process', 'state'] as const, registers })
  const bytes = new Counter({ name: 'concordat_data_bytes_total', help: 'Bytes that the data plane moved, by outcome', labelNames: ['outcome'] as const, registers })
  const sizes = new Gauge({ name: 'concordat_size', help: 'Messages in the outbox by status, entries of the record', labelNames: ['of'] as const, registers })
  return {
    registry,
    sizes,
    request: ({ listener, method, route, status, ms }) => requests.observe({ listener, method, route, status }, ms / 1000),
    record: (record) => {
      const [subject = '', event = ''] = record.type.split('.')
      records.inc({ type: record.type })
      if (subject === 'negotiation' || subject === 'transfer') states.inc({ process: subject, state: event.toUpperCase() })
      if (subject === 'data' && typeof record['bytes'] === 'number') bytes.inc({ outcome: event }, record['bytes'])
    },
    receipt: (state) => receipts.inc({ state }),
  }
}

/** The record, counted as it is written. */
export function countRecords(audit: Audit, metrics: Pick<Metrics, 'record'>): Audit {
  return {
    ...audit,
    append: (tx, ...records) => {
      tx.afterCommit(() => {
        for (const record of records) metrics.record(record)
      })
      return audit.append(tx, ...records)
    },
    appendNumbered: (tx, records, written) => {
      tx.afterCommit(() => {
        for (const record of records) metrics.record(record)
      })
      audit.appendNumbered(tx, records, written)
    },
    record: async (record) => {
      const index = await audit.record(record)
      metrics.record(record)
      return index
    },
  }
}

type MetricHandlers = Pick<Handlers, 'getMetrics'>

export function metricHandlers({ metrics, outbox, audit, log }: Pick<ManagementDeps, 'metrics' | 'outbox' | 'audit' | 'log'>): MetricHandlers {
  return {
    getMetrics: async () => {
      await refresh().catch((error: unknown) => {
        // Without the database the process's own numbers are worth the more.
        metrics.sizes.reset()
        log.warn({ err: error }, 'metrics: sizes cannot be read')
      })
      return { status: 200, headers: { 'Content-Type': metrics.registry.contentType }, text: await metrics.registry.metrics() }
    },
  }

  async function refresh(): Promise<void> {
    const { pending, refused } = await outbox.count()
    metrics.sizes.set({ of: 'outbox-pending' }, pending)
    metrics.sizes.set({ of: 'outbox-refused' }, refused)
    metrics.sizes.set({ of: 'record' }, await audit.size())
  }
}

/** Counts the requests of the public listener; `routeOf` keeps ids out of the labels, so that they stay few. */
export function countPublicRequests(metrics: Pick<Metrics, 'request'>): RequestHandler {
  return (request, response, next) => {
    const start = performance.now()
    const route = routeOf(request.path)
    response.once('close', () => metrics.request({ listener: 'public', method: knownMethods.has(request.method) ? request.method : 'other', route, status: response.statusCode, ms: performance.now() - start }))
    next()
  }
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'])
const firstSteps = new Set(['request', 'offers'])
const laterSteps = new Set(['request', 'offers', 'agreement', 'agreement/verification', 'events', 'termination', 'start', 'suspension', 'completion'])

function routeOf(path: string): string {
  const [, first = '', , part = '', id = '', ...rest] = path.split('/')
  if (first === 'data' || first === 'inbox') return `/${first}/:transferId`
  if (first === '.well-known') return '/.well-known'
  if (first !== 'dsp' || !['catalog', 'negotiations', 'transfers'].includes(part)) return 'other'
  if (part === 'catalog') return id === 'request' ? '/dsp/2025-1/catalog/request' : '/dsp/2025-1/catalog/datasets/:id'
  if (rest.length === 0) return `/dsp/2025-1/${part}/${firstSteps.has(id) ? id : ':pid'}`
  const step = rest.join('/')
  return `/dsp/2025-1/${part}/:pid/${laterSteps.has(step) ? step : 'other'}`
}
