import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEntry } from '../../src/audit/audit.ts'
import type { Connector } from '../../src/connector.ts'
import { isProblem } from '../../src/errors.ts'
import { negotiationAction, transferAction } from './script.ts'
import type { NegotiationAction, TransferAction } from './script.ts'

type Services = Pick<Connector['services'], 'audit' | 'outbox' | 'negotiations' | 'transfers'>

/** How the driver reacts. */
export interface ReactionOptions {
  /** How long after a state was entered, and told to the kit, the next step is taken: the kit first has to expect it. */
  readonly delayMs: number
  readonly onError: (error: unknown) => void
}

/**
 * Takes the scripted step whenever a negotiation or transfer enters a state. Entries are counted for each process, so that
 * runs do not disturb each other. Gives the function that ends it.
 */
export async function startReacting(services: Services, options: ReactionOptions): Promise<() => Promise<void>> {
  const visits = new Map<string, number>()
  const running = new Set<Promise<void>>()
  let stopped = false
  let next = await services.audit.size()
  let reading: Promise<void> | undefined
  let readAgain = false

  async function read(): Promise<void> {
    do {
      readAgain = false
      const entries = await services.audit.entries({ after: next - 1, limit: 500 })
      for (const entry of entries) {
        next = entry.index + 1
        follow(entry)
      }
      if (entries.length === 500) readAgain = true
    } while (readAgain)
  }

  function follow(entry: AuditEntry): void {
    const step = scriptedStep(services, entry, visits)
    if (step === undefined) return
    const work = sleepThenTake(step).catch(options.onError).finally(() => running.delete(work))
    running.add(work)
  }

  async function sleepThenTake(step: Step): Promise<void> {
    await toldAll(services, step.processId, () => stopped)
    await sleep(options.delayMs)
    if (!stopped) await step.take()
  }

  const unsubscribe = services.audit.onAppended(() => {
    readAgain = true
    reading ??= read()
      .catch(options.onError)
      .finally(() => {
        reading = undefined
      })
  })
  return async () => {
    stopped = true
    unsubscribe()
    await reading
    await Promise.all(running)
  }
}

interface Step {
  readonly processId: string
  readonly take: () => Promise<unknown>
}

function scriptedStep(services: Services, entry: AuditEntry, visits: Map<string, number>): Step | undefined {
  const [kind, name = ''] = entry.type.split('.')
  const id = kind === 'negotiation' ? entry['negotiation'] : kind === 'transfer' ? entry.transfer : undefined
  if (typeof id !== 'string') return undefined
  const state = name.toUpperCase()
  const visit = `${id} ${state}`
  const nth = visits.get(visit) ?? 0
  visits.set(visit, nth + 1)
  if (kind === 'negotiation') {
    const action = negotiationAction(entry.dataset ?? '', state, nth)
    return action === undefined ? undefined : { processId: id, take: () => takeNegotiationStep(services, id, action) }
  }
  const action = transferAction(entry.agreement ?? '', state, nth)
  return action === undefined ? undefined : { processId: id, take: () => takeTransferStep(services, id, action) }
}

async function takeNegotiationStep({ negotiations }: Services, id: string, action: NegotiationAction): Promise<unknown> {
  if (action !== 'offer' && action !== 'counter') return negotiations[action](id)
  const { offerId, datasetId } = await negotiations.get(id)
  return negotiations.counter(id, { '@id': offerId, '@type': 'Offer', target: datasetId, permission: [{ action: 'use' }] })
}

async function takeTransferStep({ transfers }: Services, id: string, action: TransferAction): Promise<unknown> {
  if (action !== 'start') return transfers[action](id)
  const { state } = await transfers.get(id)
  return state === 'SUSPENDED' ? transfers.resume(id) : transfers.start(id)
}

/** Waits until the kit has taken everything that the process owes it, or nobody waits for the step any more. */
async function toldAll({ outbox }: Services, processId: string, given: () => boolean): Promise<void> {
  while (!given()) {
    const pending = await outbox.list({ limit: 1000, status: 'pending' })
    if (!pending.some((message) => message.processId === processId)) return
    await sleep(20)
  }
}

/** Whether a step could not be taken because the kit had ended the process meanwhile. */
export function isOvertaken(error: unknown): boolean {
  return isProblem(error) && error.code === 'conflict'
}
