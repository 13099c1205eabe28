import { ProblemError } from '../../errors.ts'
import type { Checkpoint, LogInfo } from '../log/log.ts'
import { shownBy } from './ask.ts'
import { createRounds, inTurns } from './rounds.ts'
import type { RoundDeps } from './rounds.ts'
import { passOver } from './show.ts'
import { listWitnesses } from './store.ts'

/** How a witness stands to our open log. */
export interface WitnessState {
  readonly name: string
  /** Participant id; null: a witness from the settings. */
  readonly partner: string | null
  readonly url: string
  readonly vkey: string
  /** Which of our logs it cosigned last, and how many of its entries; null before the first time. */
  readonly origin: string | null
  readonly size: number | null
  readonly seenAt: Date | null
  /** How many entries of the open log it has not cosigned. */
  readonly lag: number
  readonly failingSince: Date | null
  readonly failure: string | null
  /** Since when an alarm stands. */
  readonly alarmedAt: Date | null
}

/** Asks witnesses to cosign our log: at intervals when it grew, after what matters, on demand; never on a request's path. */
export interface Feeder {
  /** Begins, and asks everybody once: a witness may have seen more than the database has. */
  start(): void
  /** Asks for what was committed just now. */
  wake(): void
  /** Asks everybody now, and tells how they stand. */
  ask(): Promise<readonly WitnessState[]>
  states(): Promise<readonly WitnessState[]>
  /** The checkpoints of one of our logs that witnesses show, with a signature of its key: what is known outside of it. */
  seen(log: Pick<LogInfo, 'name' | 'origin' | 'vkey'>): Promise<readonly { readonly witness: string; readonly checkpoint: Checkpoint }[]>
  settle(): Promise<void>
  stop(): Promise<void>
}

export interface FeederDeps extends RoundDeps {
  /** How often the log is shown while it grows; 0: on demand only. */
  readonly intervalMs: number
}

/** Opens the feeder; `start` begins. */
export function createFeeder(deps: FeederDeps): Feeder {
  const stopping = new AbortController()
  const rounds = createRounds({ ...deps, signal: stopping.signal })
  let timer: NodeJS.Timeout | undefined
  let waking = false
  let again = false

  // What is woken for while a round runs is for the next: the checkpoint of the one that runs may not cover it.
  async function wake(): Promise<void> {
    again = true
    if (waking || timer === undefined) return
    waking = true
    while (again) {
      again = false
      await rounds.next({ all: false })
    }
    waking = false
  }

  return {
    start: () => {
      if (deps.intervalMs === 0) return
      timer = setInterval(() => void rounds.next({ all: false }), deps.intervalMs)
      void rounds.next({ all: true })
    },
    wake: () => void wake(),
    ask: async () => {
      await rounds.next({ all: true })
      return states(deps)
    },
    states: () => states(deps),
    seen: async (log) => {
      const found = await inTurns(await rounds.witnesses(), async (witness) => {
        const checkpoint = await shownBy(deps, witness, log).catch(passOver)
        return checkpoint === undefined ? [] : [{ witness: witness.name, checkpoint }]
      })
      return found.flat()
    },
    settle: () => rounds.settle(),
    stop: async () => {
      clearInterval(timer)
      timer = undefined
      again = false
      stopping.abort(new ProblemError('peer-failed', 'The connector stops.'))
      await rounds.stop()
    },
  }
}

async function states({ database, log }: Pick<FeederDeps, 'database' | 'log'>): Promise<readonly WitnessState[]> {
  // Also while the log is stopped, when there is no new checkpoint to be had.
  const [rows, { log: open, sealed }] = await Promise.all([listWitnesses(database.db), log.status()])
  return rows.map((row) => ({ ...row, lag: open === undefined ? 0 : Math.max(0, sealed - open.start - (row.origin === open.origin ? (row.size ?? 0) : 0)) }))
}
