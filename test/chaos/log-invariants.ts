import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, promisify } from 'node:util'
import { openNote, parseVkey } from '../../src/tlog/note.ts'
import { leafHash } from '../../src/tlog/tree.ts'
import { originHash } from '../../src/audit/witness/serve.ts'
import { buildIndependentVerifier, missingForGo } from '../helpers/independent-verifier.ts'
import { all, insist, pause } from './client.ts'
import type { Answer, Entry } from './client.ts'
import type { Finding } from './invariants.ts'
import type { Side } from './load.ts'
import { openOwn, peek, readEntries, readHead, readLeaves, readLogs } from './log-reading.ts'
import type { Log, Signed } from './log-reading.ts'

const execute = promisify(execFile)
const command = resolve(import.meta.dirname, '../../src/cli/concordat.mjs')
/** Of all checkpoints that were collected, as many are shown to the other verifier. */
const mostOlder = 500

/** A log, the head that covers it, and its entries. */
interface WholeLog {
  readonly log: Log
  readonly head: Signed
  readonly entries: readonly Buffer[]
}

/** Holds the logs of all sides to what was signed of them and told, at the end of a run. */
export async function checkLogs(sides: readonly Side[], folder: string): Promise<Finding[]> {
  const findings: Finding[] = []
  const verify = await independentVerifier(folder)
  for (const [place, side] of sides.entries()) {
    const witness = sides[1 - place] ?? side
    const cosigned = await witnessed(side, witness)
    await side.log.verify()
    const { faults, counts } = side.log
    const { name } = side.connector
    findings.push(
      { rule: `${name}: what was told with a number is in the log under it`, checked: counts.records, violations: faults.records },
      { rule: `${name}: every receipt proves its record`, checked: counts.receipts, violations: faults.receipts },
      { rule: `${name}: every checkpoint that was signed is of the log as it is now`, checked: counts.checkpoints, violations: faults.checkpoints },
      cosigned,
      ...(await entriesHold(side)),
      await checkedByItself(side),
      await verifiedByOthers(side, join(folder, `export-${place}`), verify),
    )
  }
  return findings
}

/** The newest checkpoint is shown to the partner's witness, which then shows one of the log with its own signature. */
async function witnessed({ connector, log: watch }: Side, witness: Side): Promise<Finding> {
  const rule = `${connector.name}: the partner's witness holds a checkpoint of the log`
  const open = (await readLogs(connector)).at(-1)
  const states = await askedOut(connector)
  const note = open === undefined ? undefined : await peek(`${witness.connector.publicUrl}/witness/${originHash(open.origin)}/checkpoint`)
  if (open === undefined || note === undefined) return { rule, checked: 1, violations: [`it shows none; it stands so: ${JSON.stringify(states.body)}`] }
  watch.note(note, `the witness of ${witness.connector.name}`)
  const { size } = openOwn(open, note)
  const cosigner = states.body.items.find(({ name }) => new URL(witness.connector.publicUrl).host === name.split('/')[0])
  const { signedBy } = openNote(note, cosigner === undefined ? [] : [parseVkey(cosigner.vkey)])
  const lagging = states.body.items.filter(({ lag }) => lag >= 10).map((state) => `it lags: ${JSON.stringify(state)}`)
  return { rule, checked: size, violations: signedBy.length === 1 ? lagging : [`its checkpoint of ${size} entries is not cosigned by ${cosigner?.name}`] }
}

interface WitnessStates {
  readonly items: readonly { readonly name: string; readonly vkey: string; readonly lag: number; readonly failure: string | null }[]
}

/** Asks until the witness has cosigned what there is. A process that was killed while it asked has it for half a minute. */
async function askedOut(connector: Side['connector']): Promise<Answer<WitnessStates>> {
  for (const deadline = Date.now() + 60_000; ; ) {
    const states = await insist<WitnessStates>(connector, 'POST', '/audit/witnesses')
    if (states.body.items.every(({ lag }) => lag < 10) || Date.now() > deadline) return states
    await pause(500)
  }
}

async function wholeLogs({ connector }: Side): Promise<WholeLog[]> {
  const whole: WholeLog[] = []
  for (const log of await readLogs(connector)) {
    const head = await readHead(connector, log)
    whole.push({ log, head, entries: await readEntries(connector, log, head.size) })
  }
  return whole
}

/** Entries are those of the tree, numbers of agreements have no gap within an unbroken record, and what is shown is what was hashed. */
async function entriesHold(side: Side): Promise<Finding[]> {
  const { connector } = side
  const logs = await wholeLogs(side)
  const shown = new Map((await all<Entry>(connector, '/audit/entries')).map((entry) => [entry.index, entry]))
  const next = new Map<string, number>()
  const [gaps, differences]: [string[], string[]] = [[], []]
  let [numbered, compared] = [0, 0]
  for (const { log, entries } of logs) {
    for (const [place, text] of entries.entries()) {
      const fields: Readonly<Record<string, unknown>> = JSON.parse(text.toString())
      const { agreement, seq, type, reason } = fields
      // After a break numbers go on behind those that were lost.
      if (type === 'log.opened' && reason === 'break') next.clear()
      if (typeof agreement === 'string' && typeof seq === 'number') {
        const due = next.get(agreement) ?? (log === logs[0]?.log ? 0 : seq)
        if (seq !== due) gaps.push(`${agreement}: number ${seq} in the place of ${due}, record ${log.start + place}`)
        next.set(agreement, seq + 1)
        numbered += 1
      }
      compared += 1
      differences.push(...differing(fields, shown.get(log.start + place), log.start + place))
    }
  }
  return [
    { rule: `${connector.name}: the numbers of each agreement have no gap`, checked: numbered, violations: gaps },
    { rule: `${connector.name}: the record shows what the log has`, checked: compared, violations: differences },
    { rule: `${connector.name}: the entries are those of the tree`, checked: compared, violations: await notInTree(side, logs) },
  ]
}

function differing(fields: Readonly<Record<string, unknown>>, shown: Entry | undefined, record: number): string[] {
  if (shown === undefined) return [`record ${record} is not shown`]
  const other = Object.entries(fields).filter(([name, value]) => !JSON.stringify(value).includes('"committed"') && !isDeepStrictEqual(value, shown[name]))
  return other.map(([name, value]) => `record ${record}: ${name} is ${JSON.stringify(shown[name])} and was ${JSON.stringify(value)}`)
}

async function notInTree({ connector }: Side, logs: readonly WholeLog[]): Promise<string[]> {
  const leaves = await Promise.all(logs.map(({ log, head }) => readLeaves(connector, log, head.size)))
  return logs.flatMap(({ log, entries }, place) => entries.flatMap((entry, index) => (leaves[place]?.[index]?.equals(leafHash(entry)) === true ? [] : [`${connector.name}: record ${log.start + index} is not the one of its leaf`])))
}

/** `audit check`, over the management API. */
async function checkedByItself({ connector }: Side): Promise<Finding> {
  const { status, body } = await insist<{ entries: number; findings: { kind: string; message: string }[] }>(connector, 'POST', '/audit/check')
  const findings = status === 200 ? body.findings.map(({ kind, message }) => `${kind}: ${message}`) : [`it was answered with ${status} ${JSON.stringify(body)}`]
  return { rule: `${connector.name}: audit check finds nothing`, checked: status === 200 ? body.entries : 0, violations: findings }
}

type Verify = ReturnType<typeof buildIndependentVerifier>

async function independentVerifier(folder: string): Promise<Verify | string> {
  const missing = missingForGo()
  if (missing !== undefined) return missing
  await mkdir(join(folder, 'independent'), { recursive: true })
  return buildIndependentVerifier(join(folder, 'independent'))
}

/** Exports the logs as anybody would, and gives them with the checkpoints that were collected to the verifier that shares no code with ours. */
async function verifiedByOthers({ connector, log: watch }: Side, folder: string, verify: Verify | string): Promise<Finding> {
  const rule = `${connector.name}: the independent verifier proves the exported logs`
  if (typeof verify === 'string') return process.env['CI'] === 'true' ? { rule, checked: 0, violations: [verify] } : { rule: `${rule}: SKIPPED, ${verify}`, checked: 0, violations: [] }
  await execute(process.execPath, [command, 'audit', 'export', '--tiles', folder, '--url', connector.managementUrl], { env: { PATH: process.env['PATH'], CONCORDAT_TOKEN: connector.token } })
  const logs = await readLogs(connector)
  const violations: string[] = []
  let checked = 0
  for (const log of logs) {
    const own = log === logs.at(-1) ? folder : join(folder, log.name)
    const { size } = openOwn(log, await readFile(join(own, 'checkpoint'), 'utf8'))
    const notes = thinned(watch.notes(log.origin).filter((note) => openOwn(log, note).size <= size))
    const older: string[] = []
    for (const [place, note] of notes.entries()) {
      const file = join(folder, `older-${log.name}-${place}`)
      await writeFile(file, note)
      older.push('--older', file)
    }
    const { status, wrong, proven } = verify('verify-log', own, ...older)
    checked += notes.length
    if (status !== 0) violations.push(`${log.name}: ${wrong}${proven}`)
  }
  return { rule, checked, violations }
}

function thinned(notes: readonly string[]): readonly string[] {
  const step = Math.ceil(notes.length / mostOlder)
  return notes.filter((_note, place) => place % Math.max(1, step) === 0 || place === notes.length - 1)
}
