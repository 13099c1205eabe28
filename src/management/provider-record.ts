import type { AuditEntry } from '../audit/audit.ts'
import { openRecord } from '../audit/personal/commit.ts'
import { readDataAddress } from '../dataplane/data-address.ts'
import { fetchData } from '../dataplane/fetch-data.ts'
import { findReceipt } from '../dataplane/receipts/store.ts'
import { ProblemError } from '../errors.ts'
import type { OutboundStream } from '../http/guarded-fetch.ts'
import { parseJson } from '../http/json-body.ts'
import type { JsonValue } from '../policy/odrl.ts'
import { checkOpening, isCommitment } from '../tlog/commitment.ts'
import type { Opening } from '../tlog/commitment.ts'
import { parseProof } from '../tlog/proof.ts'
import { leafHash } from '../tlog/tree.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'

type Json = Readonly<Record<string, JsonValue | undefined>>
type Deps = Pick<ManagementDeps, 'database' | 'audit' | 'transfers' | 'http'>

/** Fetches the provider's own record of an answer, and says whether it is the one of the receipt and tells the same as ours. */
export function providerRecordHandlers(deps: Deps): Pick<Handlers, 'getProviderRecord'> {
  return {
    getProviderRecord: async ({ path: { transferId, record } }) => {
      const asked = await ourRecord(deps, transferId, record)
      const kept = await findReceipt(deps.database.db, record)
      if (kept?.providerRecord === undefined || kept.providerRecord === null) throw new ProblemError('not-found', `The provider gave no receipt for what record ${record} tells of.`)
      const document = await fetchRecord(deps, transferId, kept.providerRecord)
      const leaf = kept.verified ? parseProof(kept.receipt).extra : undefined
      const proven = leaf?.equals(leafHash(Buffer.from(document.entry))) === true
      const end = (await deps.audit.entries({ limit: 1, transfer: transferId, after: record, type: 'data.received' })).find(({ requested }) => requested === record)
      const theirs = opened(document)
      const body: Schemas['ProviderRecord'] = { record, providerRecord: kept.providerRecord, proven, differences: differencesOf(theirs, asked, end ?? asked), ...document }
      return { status: 200, body }
    },
  }
}

async function ourRecord({ audit, transfers }: Deps, transferId: string, record: number): Promise<AuditEntry> {
  await transfers.get(transferId)
  const [entry] = await audit.entries({ after: record - 1, limit: 1, transfer: transferId })
  if (entry?.index !== record || (entry.type !== 'data.requested' && entry.type !== 'data.received')) throw new ProblemError('not-found', `Record ${record} is no question and no delivery under this transfer. List them: concordat audit list --transfer ${transferId}`)
  return entry
}

interface TheirRecord {
  readonly entry: string
  readonly openings: Readonly<Record<string, Opening>>
  readonly receipt: string
}

const mostBytes = 2 * 1024 * 1024

async function fetchRecord({ transfers, http }: Deps, transferId: string, record: number): Promise<TheirRecord> {
  const address = readDataAddress(await transfers.dataAddress(transferId))
  const answer = await fetchData(http, address, { method: 'GET', path: `/receipts/${record}`, headers: { accept: 'application/json' } })
  const text = await readBounded(answer)
  if (answer.status !== 200) throw new ProblemError('peer-failed', `The provider answered ${answer.status} when it was asked for its record ${record}. Its access token may be over; the record is in the evidence of the agreement as well.`)
  const document = text === undefined ? undefined : theirRecordIn(text)
  if (document === undefined) throw new ProblemError('peer-failed', `What the provider sent for its record ${record} is no record with a receipt.`)
  return document
}

async function readBounded({ body }: OutboundStream): Promise<string | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    if (!Buffer.isBuffer(piece)) return undefined
    bytes += piece.length
    if (bytes > mostBytes) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function theirRecordIn(text: string): TheirRecord | undefined {
  const document = objectIn(text)
  const { entry, openings, receipt } = document ?? {}
  if (typeof entry !== 'string' || typeof receipt !== 'string' || !isObject(openings)) return undefined
  const read: Record<string, Opening> = {}
  for (const [field, opening] of Object.entries(openings)) {
    if (!isObject(opening) || typeof opening['salt'] !== 'string' || opening['value'] === undefined) return undefined
    read[field] = { salt: opening['salt'], value: opening['value'] }
  }
  return { entry, openings: read, receipt }
}

function objectIn(text: string): Json | undefined {
  try {
    const value: unknown = parseJson(text, 20)
    return isObject(value) ? value : undefined
  } catch {
    // What cannot be read is no record.
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Their record with its openings put in, as far as they fit what the entry commits to. */
function opened({ entry, openings }: TheirRecord): Json {
  const record = objectIn(entry)
  if (record === undefined) return {}
  const fitting = Object.entries(openings).filter(([field, opening]) => {
    const committed = field.split('.').reduce<JsonValue | undefined>((at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), record)
    return isCommitment(committed) && checkOpening(committed.committed, opening)
  })
  return openRecord({ type: '', ...record }, Object.fromEntries(fitting))
}

/** Where both tell of the same thing, and not the same of it. */
function differencesOf(theirs: Json, asked: AuditEntry, end: AuditEntry): Schemas['ProviderRecord']['differences'] {
  const refused = theirs['decision'] === 'deny'
  const pairs: readonly (readonly [string, JsonValue | undefined, JsonValue | undefined])[] = [
    ['agreement', asked.agreement, theirs['agreement']],
    ['signed', asked['signed'], theirs['signed']],
    ['statedRole', isObject(asked['stated']) ? asked['stated']['role'] : undefined, theirs['role']],
    ...(refused ? [] : ([['sha256', end['sha256'], theirs['sha256']]] as const)),
  ]
  return pairs.flatMap(([field, ours, other]) => (ours === undefined || other === undefined || ours === other ? [] : [{ field, ours, theirs: other }]))
}
