import { listWitnesses, pruneCheckpoints, putWitness, removeWitnesses } from './store.ts'
import type { WitnessAddress } from './ask.ts'
import { logsToShow, raiseAlarms, showAll } from './show.ts'
import type { ShowDeps, Shown } from './show.ts'

/** What rounds of asking need. */
export interface RoundDeps extends ShowDeps {
  /** Who the witnesses are now. A partner whose document cannot be read is left as it was last: `unread` names it. */
  readonly witnesses: () => Promise<{ readonly found: readonly WitnessAddress[]; readonly unread: readonly string[] }>
  readonly onError: (error: unknown) => void
  readonly intervalMs: number
}

/** Rounds of asking. Each witness is asked once at a time; one that is slow holds up nobody else. */
export interface Rounds {
  /** Asks those of whom something is due; with `all`, everybody. */
  next(options: { all: boolean }): Promise<void>
  witnesses(): Promise<readonly WitnessAddress[]>
  settle(): Promise<void>
  stop(): Promise<void>
}

const pruneEveryMs = 3_600_000
const mostBackoffMs = 600_000
const askedAtOnce = 8

export function createRounds(deps: RoundDeps): Rounds {
  const turns = createTurns(deps)
  const rounds = new Set<Promise<void>>()
  let looking: Promise<readonly WitnessAddress[]> | undefined
  let prunedAt = 0
  // What everybody has cosigned; while it is this, there is nothing to ask.
  let complete = ''

  function witnesses(): Promise<readonly WitnessAddress[]> {
    looking ??= currentWitnesses(deps).finally(() => {
      looking = undefined
    })
    return looking
  }

  async function round({ all }: { all: boolean }): Promise<void> {
    const logs = turns.stopped() ? [] : await logsToShow(deps)
    if (logs.length === 0) return
    const shown = logs.map(({ checkpoint }) => `${checkpoint.origin} ${checkpoint.size}`).join('\n')
    if (!all && shown === complete) return
    const done = await inTurns(await witnesses(), (witness) => turns.ask(witness, { logs, all }))
    complete = done.every(Boolean) ? shown : ''
    await raiseAlarms(deps, logs)
    const now = deps.clock()
    if (now.getTime() - prunedAt < pruneEveryMs) return
    prunedAt = now.getTime()
    await pruneCheckpoints(deps.database.db, now)
  }

  return {
    witnesses,
    next: (options) => {
      const going = round(options)
        .catch(deps.onError)
        .finally(() => rounds.delete(going))
      rounds.add(going)
      return going
    },
    settle: async () => {
      while (rounds.size > 0) await Promise.all(rounds)
    },
    stop: async () => {
      turns.stop()
      await Promise.all(rounds)
    },
  }
}

/** Who is being asked, and who has to wait because it failed. */
function createTurns(deps: RoundDeps) {
  const failures = new Map<string, { count: number; until: number }>()
  const running = new Map<string, Promise<void>>()
  let stopped = false

  async function ask(witness: WitnessAddress, asked: { logs: readonly Shown[]; all: boolean }): Promise<boolean> {
    for (let before = running.get(witness.name); before !== undefined; before = running.get(witness.name)) {
      if (!asked.all) return false
      await before
    }
    if (stopped || (!asked.all && (failures.get(witness.name)?.until ?? 0) > deps.clock().getTime())) return false
    let done = false
    const asking = showAll(deps, witness, asked)
      .then((showing) => {
        if (showing === 'failed') fail(witness.name)
        else failures.delete(witness.name)
        done = showing === 'done'
      })
      .catch(deps.onError)
      .finally(() => running.delete(witness.name))
    running.set(witness.name, asking)
    await asking
    return done
  }

  function fail(name: string): void {
    const count = Math.min((failures.get(name)?.count ?? 0) + 1, 10)
    const wait = Math.min((deps.intervalMs || 1000) * 2 ** count, mostBackoffMs)
    failures.set(name, { count, until: deps.clock().getTime() + wait })
  }

  return {
    ask,
    stopped: () => stopped,
    stop: () => {
      stopped = true
    },
  }
}

async function currentWitnesses(deps: RoundDeps): Promise<readonly WitnessAddress[]> {
  const { db } = deps.database
  const [{ found, unread }, known] = await Promise.all([deps.witnesses(), listWitnesses(db)])
  const names = new Set(found.map(({ name }) => name))
  const left = known.filter(({ name, partner }) => !names.has(name) && partner !== null && unread.includes(partner))
  const gone = known.filter(({ name }) => !names.has(name) && !left.some((row) => row.name === name))
  await removeWitnesses(db, gone.map(({ name }) => name))
  for (const { name, vkeys, url, partner } of found) {
    const [vkey] = vkeys
    if (vkey === undefined || !(await putWitness(db, { name, vkey, url, partner }))) continue
    await deps.record({ type: 'witness.added', witness: name, vkey, url, ...(partner === null ? {} : { partner }) })
  }
  return [...found, ...left.map(({ name, vkey, url, partner }) => ({ name, vkeys: [vkey], url, partner }))]
}

/** A few at once: one that does not answer must not hold up all others. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const queue = [...items.entries()]
  const results: R[] = []
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1])
  }
  await Promise.all(Array.from({ length: askedAtOnce }, worker))
  return results
}
