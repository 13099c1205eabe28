import { createHash } from 'node:crypto'
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { createEdge } from '../../src/tlog/edge.ts'
import { parseNote } from '../../src/tlog/note.ts'
import { parseProof } from '../../src/tlog/proof.ts'
import { verifyConsistency, verifyInclusion } from '../../src/tlog/tree.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'
import { insist } from './client.ts'
import type { Given } from './client.ts'
import { openOwn, peek, readHead, readLeaves, readLogs } from './log-reading.ts'
import type { Log, Signed } from './log-reading.ts'

/** A record that somebody was told of. */
interface Acknowledged {
  readonly record: number
  /** The hash of its leaf, where there was a receipt. */
  readonly leaf: string | undefined
}

/** What was signed of a log: its size, and who had it. */
interface Held extends Signed {
  readonly from: string
}

/** What was once signed or told and is in no log any more, because the database was put back to a time before. */
export interface Lost {
  readonly acknowledged: readonly Acknowledged[]
  readonly checkpoints: readonly Held[]
}

/** Everything that one connector has signed of its log and told of its record, and the log held to it. */
export interface LogWatch {
  /** Takes what came with an answer. */
  take(given: Given): void
  /** Takes a checkpoint; `from` says who had it. */
  note(text: string, from: string): void
  /** Looks at what the connector publishes and its partner's witness shows. */
  look(witness: ConnectorProcess): Promise<void>
  /** Reads the logs and compares them with all that was taken. */
  verify(): Promise<void>
  /** From here on, what was taken of records from `size` on is lost, and everything before must stay. */
  putBack(size: number): void
  readonly lost: Lost
  /** What does not hold, by rule. */
  readonly faults: Readonly<Record<'records' | 'receipts' | 'checkpoints', readonly string[]>>
  readonly counts: { readonly records: number; readonly receipts: number; readonly checkpoints: number; readonly verifications: number; readonly states: ReadonlyMap<string, number> }
  /** The newest notes, one of each size, for others to verify. */
  notes(origin: string): readonly string[]
}

export function watchLog(connector: ConnectorProcess): LogWatch {
  const logs = new Map<string, Log>()
  const held = new Map<string, Map<number, Held>>()
  const acknowledged = new Map<number, Acknowledged>()
  const lost = { acknowledged: [] as Acknowledged[], checkpoints: [] as Held[] }
  const faults = { records: [] as string[], receipts: [] as string[], checkpoints: [] as string[] }
  const states = new Map<string, number>()
  const waiting: { notes: { text: string; from: string }[]; receipts: { record: number; receipt: string }[] } = { notes: [], receipts: [] }
  const seen = new Set<string>()
  let [receipts, verifications] = [0, 0]
  const previous = new Map<string, Signed>()

  function hold(log: Log, text: string, from: string): void {
    const checkpoint = openOwn(log, text)
    const sizes = held.get(log.origin) ?? new Map<number, Held>()
    held.set(log.origin, sizes)
    const other = sizes.get(checkpoint.size)
    if (other === undefined) sizes.set(checkpoint.size, { ...checkpoint, from })
    else if (!other.root.equals(checkpoint.root)) faults.checkpoints.push(`${log.origin}: two trees of ${checkpoint.size} entries were signed, ${other.from} had one and ${from} the other`)
  }
  function tell(record: number, leaf: string | undefined): void {
    const before = acknowledged.get(record)
    if (before?.leaf !== undefined && leaf !== undefined && before.leaf !== leaf) faults.records.push(`${connector.name}: record ${record} was told of with two entries`)
    acknowledged.set(record, { record, leaf: leaf ?? before?.leaf })
  }
  /** A receipt proves its record by itself. */
  function verifyReceipt({ record, receipt }: { record: number; receipt: string }): void {
    const { index, proof, checkpoint, tree, extra } = parseProof(receipt)
    const log = logs.get(tree.origin)
    const { size, root } = log === undefined ? tree : openOwn(log, checkpoint)
    const proven = log !== undefined && extra !== undefined && record === log.start + index && verifyInclusion({ leaf: extra, index, size, proof, root })
    if (log === undefined || !proven) return void faults.receipts.push(`${connector.name}: the receipt of record ${record} does not prove it`)
    hold(log, checkpoint, `the receipt of record ${record}`)
    tell(record, extra.toString('base64'))
  }
  /** What came since the last time, now that the logs are known. */
  function settle(): void {
    for (const { text, from } of waiting.notes.splice(0)) {
      const log = logs.get(parseCheckpoint(parseNote(text).text).origin)
      attempt(faults.checkpoints, from, () => (log === undefined ? faults.checkpoints.push(`${connector.name}: ${from} had a checkpoint of an unknown log`) : hold(log, text, from)))
    }
    for (const given of waiting.receipts.splice(0)) attempt(faults.receipts, `record ${given.record}`, () => verifyReceipt(given))
  }

  async function verifyOne(log: Log): Promise<void> {
    const head = await readHead(connector, log)
    hold(log, head.note, 'the connector itself')
    const leaves = await readLeaves(connector, log, head.size)
    await continues(log, head)
    const roots = rootsOf(leaves, new Set(held.get(log.origin)?.keys()))
    for (const { size, root, from } of held.get(log.origin)?.values() ?? []) {
      if (size <= head.size && roots.get(size)?.equals(root) !== true) faults.checkpoints.push(`${log.origin}: the checkpoint of ${size} entries that ${from} had is of another tree`)
      // Of a log that a break ended, no more is shown than a signed checkpoint that was kept covers: the last ones may not have been kept.
      if (log.size !== null && size > log.size) faults.checkpoints.push(`${log.origin}: ${from} had a checkpoint of ${size} entries, and the log ended with ${log.size}`)
      // What was signed while it was being read is for the next time.
    }
    for (const { record, leaf } of acknowledged.values()) {
      const found = leaves[record - log.start]
      if (found !== undefined && leaf !== undefined && found.toString('base64') !== leaf) faults.records.push(`${connector.name}: record ${record} is another one than was told`)
    }
  }
  async function continues(log: Log, head: Signed): Promise<void> {
    const before = previous.get(log.origin)
    previous.set(log.origin, head)
    if (before === undefined) return
    const { body } = await insist<{ proof: string[] }>(connector, 'GET', `/audit/logs/${log.name}/consistency?from=${before.size}&to=${head.size}`)
    const proof = body.proof.map((hash) => Buffer.from(hash, 'base64'))
    if (!verifyConsistency({ oldSize: before.size, oldRoot: before.root, size: head.size, root: head.root, proof })) faults.checkpoints.push(`${log.origin}: no proof that ${head.size} entries go on from ${before.size}`)
  }

  return {
    take: ({ record, receipt, checked }) => {
      if (record === null) return
      states.set(checked ?? 'none', (states.get(checked ?? 'none') ?? 0) + 1)
      if (receipt === null) return tell(Number(record), undefined)
      receipts += 1
      waiting.receipts.push({ record: Number(record), receipt: Buffer.from(receipt, 'base64').toString() })
    },
    note: (text, from) => {
      const digest = createHash('sha256').update(parseNote(text).text).digest('base64')
      if (seen.has(digest)) return
      seen.add(digest)
      waiting.notes.push({ text, from })
    },
    async look(witness) {
      const note = await peek(`${connector.publicUrl}/log/checkpoint`)
      if (note === undefined) return
      this.note(note, 'the public listener')
      const { origin } = parseCheckpoint(parseNote(note).text)
      const shown = await peek(`${witness.publicUrl}/witness/${createHash('sha256').update(origin).digest('hex')}/checkpoint`)
      if (shown !== undefined) this.note(shown, `the witness of ${witness.name}`)
    },
    async verify() {
      verifications += 1
      for (const log of await readLogs(connector)) {
        const known = logs.get(log.origin)
        if (known !== undefined && known.vkey !== log.vkey) faults.checkpoints.push(`${log.origin} has another key than before`)
        logs.set(log.origin, log)
      }
      settle()
      const now = await readLogs(connector)
      for (const log of now) await verifyOne(log)
      const last = now.at(-1)
      const ends = new Map(now.map(({ start, origin, size }) => [start, start + (size ?? previous.get(origin)?.size ?? 0)]))
      for (const { record } of acknowledged.values()) {
        const inside = [...ends].some(([start, end]) => record >= start && record < end)
        if (!inside && record < (ends.get(last?.start ?? 0) ?? 0)) faults.records.push(`${connector.name}: record ${record} was told of and is in no log`)
      }
    },
    putBack: (size) => {
      settle()
      for (const [record, each] of acknowledged) if (record >= size && acknowledged.delete(record)) lost.acknowledged.push(each)
      for (const [origin, sizes] of held) {
        const start = logs.get(origin)?.start ?? 0
        for (const [count, each] of sizes) if (start + count > size && sizes.delete(count)) lost.checkpoints.push(each)
        const before = previous.get(origin)
        if (before !== undefined && start + before.size > size) previous.delete(origin)
      }
    },
    lost,
    faults,
    get counts() {
      return { records: acknowledged.size, receipts, checkpoints: [...held.values()].reduce((sum, { size }) => sum + size, 0), verifications, states }
    },
    notes: (origin) => [...(held.get(origin)?.values() ?? [])].toSorted((a, b) => a.size - b.size).map(({ note }) => note),
  }
}

/** The roots of the tree over the first leaves, at each of `sizes`. */
function rootsOf(leaves: readonly Buffer[], sizes: ReadonlySet<number>): ReadonlyMap<number, Buffer> {
  const roots = new Map<number, Buffer>()
  const edge = createEdge(0, () => Buffer.alloc(0))
  for (const leaf of leaves) {
    edge.append(leaf)
    if (sizes.has(edge.size)) roots.set(edge.size, edge.root())
    edge.takeFull()
  }
  return roots
}

function attempt(faults: string[], about: string, work: () => unknown): void {
  try {
    work()
  } catch (error) {
    faults.push(`${about}: ${Error.isError(error) ? error.message : String(error)}`)
  }
}
