import type { Database } from '../../persistence/database.ts'
import type { OutboundHttp } from '../../http/guarded-fetch.ts'
import { isProblem } from '../../errors.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { parseNote } from '../../tlog/note.ts'
import { readCosignedFiles } from '../log/cosigned-file.ts'
import type { Outside, ShownCheckpoint, WitnessAnswers } from '../log/outside.ts'
import type { WitnessAddress } from './ask.ts'
import { originHash } from './serve.ts'
import { passOver } from './show.ts'
import { listWitnesses } from './store.ts'

export interface OutsideDeps {
  readonly database: Database
  /** Where cosigned checkpoints are kept beside the database: they name witnesses too. */
  readonly directory: string
  readonly http: Pick<OutboundHttp, 'fetch'>
  /** Witnesses from the settings. */
  readonly configured: readonly WitnessAddress[]
  /** Who the witnesses are now, also those that the database has forgotten. Called once it is asked for only. */
  readonly found: () => Promise<readonly WitnessAddress[]>
  /** How often the log is shown while it grows; 0: nobody is asked unless somebody demands it, and so not at the start. */
  readonly intervalMs: number
}

// A start has two seconds in all. Who answers at all answers in far less; one that is down costs every start this much.
const startMs = 1000
const recoveryMs = 5000
/** All are asked at once: one that does not answer must not hold up the others. */
const mostAtStart = 32
const mostAtRecovery = 256
const maxBytes = 64 * 1024

/** Asks witnesses what they have cosigned of our logs. */
export function createOutside(deps: OutsideDeps): Outside {
  return {
    atStart: async (origins) => (deps.intervalMs === 0 ? nobody : ask(deps.http, { witnesses: (await known(deps)).slice(0, mostAtStart), origins, timeoutMs: startMs })),
    atRecovery: async (origins) => {
      const [found, before] = await Promise.all([deps.found(), known(deps)])
      return ask(deps.http, { witnesses: byName([...found, ...before]).slice(0, mostAtRecovery), origins, timeoutMs: recoveryMs })
    },
  }
}

const nobody: WitnessAnswers = { asked: [], answered: [], shown: [] }

/** Those from the settings, those who have cosigned what is kept, and those in the database, first who cosigned last. */
async function known({ database, directory, configured }: OutsideDeps): Promise<WitnessAddress[]> {
  const rows = (await listWitnesses(database.db)).toSorted((left, right) => Number(left.failingSince !== null) - Number(right.failingSince !== null) || (right.seenAt?.getTime() ?? 0) - (left.seenAt?.getTime() ?? 0))
  const files = await readCosignedFiles(directory)
  const newest = files.at(-1)?.start
  const kept = files.filter(({ start }) => start === newest).map(({ witness, vkey, url, partner }) => ({ name: witness, vkeys: [vkey], url, partner }))
  return byName([...configured, ...kept, ...rows.map(({ name, vkey, url, partner }) => ({ name, vkeys: [vkey], url, partner }))])
}

function byName(witnesses: readonly WitnessAddress[]): WitnessAddress[] {
  return [...new Map(witnesses.toReversed().map((witness) => [witness.name, witness])).values()].toReversed()
}

async function ask(http: OutsideDeps['http'], { witnesses, origins, timeoutMs }: { readonly witnesses: readonly WitnessAddress[]; readonly origins: readonly string[]; readonly timeoutMs: number }): Promise<WitnessAnswers> {
  const answers = await Promise.all(witnesses.map((witness) => Promise.all(origins.map((origin) => askOne(http, { witness, origin, timeoutMs })))))
  return {
    asked: witnesses.map(({ name }) => name),
    answered: witnesses.flatMap(({ name }, place) => (answers[place]?.every((answer) => answer !== undefined) === true ? [name] : [])),
    shown: answers.flat().flatMap((answer) => (answer === undefined || answer === 'nothing' ? [] : [answer])),
  }
}

/** The checkpoint that a witness shows of a log, or that it does not know it; undefined when it tells neither. */
async function askOne(http: OutsideDeps['http'], { witness, origin, timeoutMs }: { readonly witness: WitnessAddress; readonly origin: string; readonly timeoutMs: number }): Promise<ShownCheckpoint | 'nothing' | undefined> {
  const answer = await http.fetch(`${witness.url}/${originHash(origin)}/checkpoint`, { timeoutMs, maxBytes }).catch(passOver)
  if (answer?.status === 404) return 'nothing'
  if (answer?.status !== 200) return undefined
  const note = answer.body.toString('utf8')
  try {
    const checkpoint = parseCheckpoint(parseNote(note).text)
    return checkpoint.origin === origin ? { witness: witness.name, partner: witness.partner, origin, size: checkpoint.size, root: checkpoint.root, note } : undefined
  } catch (error) {
    if (isProblem(error)) return undefined
    throw error
  }
}
