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
  /** Entries of the open log that a checkpoint of ours covers. */
  readonly logSize: Gauge
  /** 1 while the log is stopped, so that nothing is recorded or released. */
  readonly logStopped: Gauge
  /** By witness: how many of them it has not cosigned, and for how long it fails. */
  readonly witnessLag: Gauge<'witness'>
  readonly witnessFailing: Gauge<'witness'>
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
  const logSize = new Gauge({ name: 'concordat_log_size', help: 'Signed entries of the open log', registers })
  const logStopped = new Gauge({ name: 'concordat_log_stopped', help: '1 while a fault stops the log, so that nothing is recorded or released; otherwise 0', registers })
  const witnessLag = new Gauge({ name: 'concordat_witness_lag_entries', help: 'Entries of the open log that a witness has not cosigned', labelNames: ['witness'] as const, registers })
  const witnessFailing = new Gauge({ name: 'concordat_witness_failing_seconds', help: 'For how long a witness does not cosign; 0 while it does', labelNames: ['witness'] as const, registers })
  return {
    registry,
    sizes,
    logSize,
    logStopped,
    witnessLag,
    witnessFailing,
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

export function metricHandlers({ metrics, outbox, audit, log, clock, witnesses }: Pick<ManagementDeps, 'metrics' | 'outbox' | 'audit' | 'log' | 'clock' | 'witnesses'>): MetricHandlers {
  return {
    getMetrics: async () => {
      await refresh().catch((error: unknown) => {
        // Without the database the process's own numbers are worth the more.
        for (const gauge of [metrics.sizes, metrics.logSize, metrics.logStopped, metrics.witnessLag, metrics.witnessFailing]) gauge.reset()
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
    const states = await witnesses.states()
    // A witness that is one no more has no value.
    metrics.witnessLag.reset()
    metrics.witnessFailing.reset()
    for (const { name, lag, failingSince } of states) {
      metrics.witnessLag.set({ witness: name }, lag)
      metrics.witnessFailing.set({ witness: name }, failingSince === null ? 0 : Math.max(0, (clock().getTime() - failingSince.getTime()) / 1000))
    }
    const { state, sealed, log: open } = await audit.log.status()
    metrics.logStopped.set(state === 'stopped' ? 1 : 0)
    metrics.logSize.set(open === undefined ? 0 : sealed - open.start)
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

const ownRoutes: ReadonlyMap<string, (path: string) => string> = new Map([
  ['data', () => '/data/:transferId'],
  ['inbox', () => '/inbox/:transferId'],
  ['.well-known', () => '/.well-known'],
  ['log', logRouteOf],
  ['witness', (path) => (path === '/witness/add-checkpoint' ? path : '/witness/:origin/checkpoint')],
])

function routeOf(path: string): string {
  const [, first = '', , part = '', id = '', ...rest] = path.split('/')
  const own = ownRoutes.get(first)?.(path)
  if (own !== undefined) return own
  if (first !== 'dsp' || !['catalog', 'negotiations', 'transfers'].includes(part)) return 'other'
  if (part === 'catalog') return id === 'request' ? '/dsp/2025-1/catalog/request' : '/dsp/2025-1/catalog/datasets/:id'
  if (rest.length === 0) return `/dsp/2025-1/${part}/${firstSteps.has(id) ? id : ':pid'}`
  const step = rest.join('/')
  return `/dsp/2025-1/${part}/:pid/${laterSteps.has(step) ? step : 'other'}`
}

function logRouteOf(path: string): string {
  const [, kind = 'other'] = /\/(checkpoint|vkey|records|tile\/entries|tile)(?:\/|$)/.exec(path) ?? []
  return `/log/${kind}`
}
