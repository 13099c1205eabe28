import type { ServerResponse } from 'node:http'
import type { AuditEntry } from '../audit/audit.ts'
import { writeOut } from './audit.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type EventHandlers = Pick<Handlers, 'streamEvents'>
type EventDeps = Pick<ManagementDeps, 'audit' | 'eventPollMs' | 'heartbeatMs'> & { readonly stopping: AbortSignal }

const batch = 200

/** Server-sent events (HTML Living Standard §9.2), one for each audit entry. */
export function eventHandlers(deps: EventDeps): EventHandlers {
  return {
    streamEvents: async ({ query, header }) => {
      const resume = header('last-event-id')
      const after = resume === undefined ? (query.after ?? (await deps.audit.size()) - 1) : Number(resume)
      const wanted = matcher(query.type)
      return {
        write: async (res) => {
          res.setHeader('Content-Type', 'text/event-stream')
          res.setHeader('Cache-Control', 'no-store')
          // Browsers and proxies wait for something before they call the stream open.
          res.write('retry: 2000\n\n')
          await follow(deps, res, { after, wanted })
          res.end()
        },
      }
    },
  }
}

async function follow(deps: EventDeps, res: ServerResponse, { after, wanted }: { after: number; wanted: (type: string) => boolean }): Promise<void> {
  let last = after
  let quietSince = Date.now()
  const stops = createStops(deps, wanted)
  const bell = createBell(deps, res)
  try {
    while (!bell.over()) {
      // Forget rings before looking, so that what is appended meanwhile rings again.
      bell.reset()
      const entries = await deps.audit.entries({ after: last, limit: batch })
      for (const entry of entries) {
        if (wanted(entry.type)) await writeOut(res, eventOf(entry))
        last = entry.index
      }
      const stop = await stops.look()
      if (stop !== undefined) await writeOut(res, stop)
      if (entries.length > 0) quietSince = Date.now()
      if (Date.now() - quietSince >= (deps.heartbeatMs ?? 15_000)) {
        await writeOut(res, ':\n\n')
        quietSince = Date.now()
      }
      if (entries.length < batch) await bell.wait()
    }
  } finally {
    bell.close()
  }
}

/** A stopped log takes no entry that could tell of it: an event without a number does, once for each stop. */
function createStops({ audit, eventPollMs = 1000 }: EventDeps, wanted: (type: string) => boolean) {
  const type = 'log.stopped'
  let isTold = false
  let lookedAt = Number.NEGATIVE_INFINITY
  return {
    look: async (): Promise<string | undefined> => {
      const now = Date.now()
      if (!wanted(type) || now - lookedAt < eventPollMs) return undefined
      lookedAt = now
      const { state, faults } = await audit.log.status()
      const isNew = state === 'stopped' && !isTold
      isTold = state === 'stopped'
      return isNew ? `event: ${type}\ndata: ${JSON.stringify({ type, faults: faults.map(({ log, kind, message, foundAt }) => ({ log, kind, message, foundAt })) })}\n\n` : undefined
    },
  }
}

/** Rings when entries were appended here, after a while in case another replica appended, and when the stream must end. */
function createBell(deps: EventDeps, res: ServerResponse) {
  let rung = false
  let wake: (() => void) | undefined
  const ring = () => {
    rung = true
    wake?.()
  }
  const over = () => res.destroyed || deps.stopping.aborted
  const unsubscribe = deps.audit.onAppended(ring)
  res.once('close', ring)
  deps.stopping.addEventListener('abort', ring)
  return {
    over,
    reset: () => {
      rung = false
    },
    wait: async () => {
      if (rung || over()) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, Math.min(deps.eventPollMs ?? 1000, deps.heartbeatMs ?? 15_000))
      wake = resolve
      await promise
      wake = undefined
      clearTimeout(timer)
    },
    close: () => {
      unsubscribe()
      res.off('close', ring)
      deps.stopping.removeEventListener('abort', ring)
    },
  }
}

function eventOf(entry: AuditEntry): string {
  return `id: ${entry.index}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`
}

function matcher(types: readonly string[] | undefined): (type: string) => boolean {
  if (types === undefined) return () => true
  return (type) => types.some((wanted) => (wanted.endsWith('.*') ? type.startsWith(wanted.slice(0, -1)) : wanted === type))
}
