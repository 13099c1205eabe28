import { ProblemError } from '../../../errors.ts'
import { openSigned } from '../check/checkpoints.ts'
import type { StoredFault } from '../faults/store.ts'
import type { LogKeys } from '../keys.ts'
import { namesFrom } from '../names.ts'
import { originOf } from '../opening.ts'
import { isOurs } from '../outside.ts'
import type { Outside, ShownCheckpoint } from '../outside.ts'
import type { StoredLog } from '../store.ts'
import { takenNames } from '../switch.ts'

export interface NextLogDeps {
  readonly keys: Pick<LogKeys, 'list'>
  readonly directory: string
  readonly publicUrl: string
  readonly clock: () => Date
  /** Without it nobody is asked. */
  readonly outside?: Pick<Outside, 'atRecovery'> | undefined
}

/** What was known, before a new log is begun, of the names and numbers that are used. */
export interface UsedOutside {
  /** Names that a new log must not have. */
  readonly taken: readonly string[]
  /** Logs of ours that witnesses know and the database does not. */
  readonly unknown: readonly string[]
  /** How many million numbers those can have taken at most. */
  readonly millions: number
  /** Checkpoints of the broken log that witnesses show, signed by its key. */
  readonly ofBroken: readonly ShownCheckpoint[]
  readonly asked: readonly string[]
  readonly answered: readonly string[]
}

// More logs than these do not begin in the time that a backup lacks. A witness that claims to know each name that it is asked for uses up no more.
const namesAhead = 8
const mostRounds = 8
const million = 1_000_000
/** What is believed of a size under which none of our keys is: the key may have come and gone in the time that was lost. */
const mostUnsigned = 1e9

/**
 * Asks the witnesses, before a log takes a name and numbers. When database and data folder are both from a backup, logs may have begun
 * since then that only witnesses know; one of the same name would be refused by them, as another tree of the same log.
 */
export async function usedOutside(deps: NextLogDeps, broken: { readonly logs: readonly StoredLog[]; readonly old: StoredLog | undefined; readonly faults: readonly StoredFault[] }): Promise<UsedOutside> {
  const { old } = broken
  const now = deps.clock()
  const known = await takenNames(deps, broken.logs)
  const used = { sizes: shownBefore(known, broken.faults), ofBroken: new Set<ShownCheckpoint>(), asked: new Set<string>(), answered: new Set<string>() }
  for (let round = 1; deps.outside !== undefined && round <= mostRounds; round += 1) {
    const names = namesFrom({ taken: [...known, ...used.sizes.keys()], from: old?.name ?? String(now.getUTCFullYear()), now }, namesAhead)
    const origins = new Map(names.map((name) => [originOf(deps.publicUrl, name), name]))
    const { asked, answered, shown } = await deps.outside.atRecovery([...(old === undefined ? [] : [old.origin]), ...origins.keys()])
    for (const witness of asked) used.asked.add(witness)
    for (const witness of answered) used.answered.add(witness)
    for (const each of shown) if (isOf(old, each)) used.ofBroken.add(each)
    const found = shown.filter(({ origin }) => origins.has(origin))
    for (const each of found) note(used.sizes, origins.get(each.origin) ?? '', isOurs(deps.keys, each) ? each.size : Math.min(each.size, mostUnsigned))
    if (found.length === 0) break
  }
  const { sizes } = used
  // Each began at the next million behind the one before it at most, and may have gone on into another after it was cosigned.
  const millions = [...sizes.values()].reduce((sum, size) => sum + Math.floor(size / million) + 2, 0)
  return { taken: [...known, ...sizes.keys()], unknown: [...sizes.keys()], millions, ofBroken: [...used.ofBroken], asked: [...used.asked], answered: [...used.answered] }
}

/** What witnesses have shown when the faults were found, by the names of logs: they may not answer now. */
function shownBefore(known: readonly string[], faults: readonly StoredFault[]): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const { log, kind, detail } of faults) if (kind === 'witness-ahead' && !known.includes(log)) note(sizes, log, typeof detail['witnessed'] === 'number' ? detail['witnessed'] : 0)
  return sizes
}

function isOf(old: StoredLog | undefined, { origin, note: text }: ShownCheckpoint): boolean {
  return old !== undefined && origin === old.origin && 'checkpoint' in openSigned(old, { where: 'a witness', note: text })
}

function note(sizes: Map<string, number>, name: string, size: number): void {
  sizes.set(name, Math.max(size, sizes.get(name) ?? 0))
}

/** Refuses to go on while no witness answers, unless that is wanted. */
export function requireAnswer({ asked, answered }: UsedOutside, { withoutWitnesses }: { readonly withoutWitnesses?: boolean | undefined }): void {
  if (asked.length === 0 || answered.length > 0 || withoutWitnesses === true) return
  const names = `${asked.slice(0, 5).join(', ')}${asked.length > 5 ? ` and ${asked.length - 5} others` : ''}`
  throw new ProblemError(
    'conflict',
    `No witness answers (${names}), so nobody can say whether the name and the numbers of the next log were used before. If the database and the data folder both come from a backup, they may have been; a witness that knows them would stop the new log as well. Try again when one answers, or go on without them: concordat audit recover --without-witnesses.`,
    { fields: { witnesses: [...asked] } },
  )
}
