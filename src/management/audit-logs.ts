import type { Inclusion, LogInfo, TransparencyLog } from '../audit/log/log.ts'
import { cosignedCheckpoint, publishedCheckpoint } from '../audit/witness/published.ts'
import { ProblemError } from '../errors.ts'
import { cosignatureTime } from '../tlog/cosignature.ts'
import { parseNote } from '../tlog/note.ts'
import { formatProof } from '../tlog/proof.ts'
import { encodeEntries, tileWidth } from '../tlog/tiles.ts'
import { noSuchEntry } from './audit.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, RawAnswer, Schemas } from './operation.ts'

type LogDeps = Pick<ManagementDeps, 'audit' | 'database' | 'clock'>
type LogHandlers = Pick<Handlers, 'listLogs' | 'getAuditProof' | 'getLogCheckpoint' | 'getLogConsistency' | 'getLogTile' | 'getLogEntries'>

/** The log behind the record: what is signed of it, its tiles, and proofs. */
export function auditLogHandlers(deps: LogDeps): LogHandlers {
  const { log } = deps.audit
  return {
    listLogs: async () => ({ status: 200, body: { items: (await log.logs()).map(shown) } }),
    getAuditProof: async ({ path: { index } }) => ({ status: 200, body: await proofOf(deps, index) }),
    getLogCheckpoint: async ({ path }) => {
      await findLog(log, path.log)
      const checkpoint = await publishedCheckpoint({ ...deps, log }, path.log)
      if (checkpoint === undefined) throw new ProblemError('not-found', `Nothing of the log ${path.log} is signed yet.`)
      return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, text: checkpoint.note }
    },
    getLogConsistency: async ({ path, query: { from, to } }) => {
      await findLog(log, path.log)
      const proof = await log.consistency(path.log, from, to)
      return { status: 200, body: { log: path.log, from, to, proof: proof.map((hash) => hash.toString('base64')) } }
    },
    getLogTile: async ({ path, query: { width = tileWidth } }) => {
      await findLog(log, path.log)
      const hashes = await log.tile(path.log, { level: path.level, index: path.index, width })
      if (hashes === undefined) throw new ProblemError('not-found', `The log ${path.log} has no tile ${path.level}/${path.index} of ${width} hashes.`)
      return bytes(hashes)
    },
    getLogEntries: async ({ path, query: { width = tileWidth } }) => {
      await findLog(log, path.log)
      // No more than what a signed checkpoint covers.
      const covered = await log.tile(path.log, { level: 0, index: path.index, width })
      const leaves = covered === undefined ? [] : await log.leaves(path.log, path.index * tileWidth, width)
      if (leaves.length < width) throw new ProblemError('not-found', `The log ${path.log} has no ${width} entries from ${path.index * tileWidth} on.`)
      return bytes(encodeEntries(leaves.map(({ entry }) => Buffer.from(entry))))
    },
  }
}

function shown({ name, origin, vkey, start, size, openedAt, closedAt, prunedAt }: LogInfo): Schemas['Log'] {
  return { name, origin, vkey, start, size, openedAt: openedAt.toISOString(), closedAt: closedAt?.toISOString() ?? null, prunedAt: prunedAt?.toISOString() ?? null }
}

async function findLog(log: TransparencyLog, name: string): Promise<LogInfo> {
  const found = (await log.logs()).find((each) => each.name === name)
  if (found === undefined) throw new ProblemError('not-found', `There is no log ${name}. "concordat log list" shows those that there are.`)
  return found
}

function bytes(content: Uint8Array): RawAnswer {
  return {
    write: async (res) => {
      res.setHeader('Content-Type', 'application/octet-stream')
      res.end(content)
    },
  }
}

/** Against the newest checkpoint that somebody else has cosigned, when that has the entry: it proves more than our own signature. */
async function proofOf(deps: LogDeps, index: number): Promise<Schemas['AuditProof']> {
  const { audit } = deps
  if (index >= (await audit.size())) throw noSuchEntry(index)
  const own = await audit.log.inclusion(index)
  const cosigned = await cosignedCheckpoint({ ...deps, log: audit.log }, own.log)
  const inclusion = cosigned !== undefined && cosigned.size > own.leafIndex ? await audit.log.inclusion(index, cosigned) : own
  const { vkey } = await findLog(audit.log, own.log)
  const [leaf] = await audit.log.leaves(own.log, own.leafIndex, 1)
  if (leaf === undefined) throw noSuchEntry(index)
  return shownProof({ index, vkey, entry: leaf.entry, inclusion })
}

function shownProof({ index, vkey, entry, inclusion }: { index: number; vkey: string; entry: string; inclusion: Inclusion }): Schemas['AuditProof'] {
  const { log, leafIndex, leafHash, proof, checkpoint } = inclusion
  return {
    index,
    entry,
    log,
    origin: checkpoint.origin,
    vkey,
    leafIndex,
    leafHash: leafHash.toString('base64'),
    proof: proof.map((hash) => hash.toString('base64')),
    size: checkpoint.size,
    checkpoint: checkpoint.note,
    cosigned: cosignaturesOf(checkpoint),
    receipt: formatProof({ index: leafIndex, proof, checkpoint: checkpoint.note, extra: leafHash }),
  }
}

/** The lines that are not the log's own. C2SP tlog-cosignature: such a signature begins with its time. */
function cosignaturesOf({ note, origin }: Inclusion['checkpoint']): Schemas['Cosigned'][] {
  return parseNote(note)
    .lines.filter(({ name }) => name !== origin)
    .map(({ name, signature }) => ({ witness: name, time: new Date(cosignatureTime(signature) * 1000).toISOString() }))
}
