import type { Database } from '../persistence/database.ts'
import { ProblemError } from '../errors.ts'
import type { Headers } from './operation.ts'
import { deleteKey, deleteKeysBefore, findKey, insertKey, saveAnswer } from './store.ts'

/** An answer as it is stored and sent. */
export interface StoredAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: string | null
}

/** A request under an `Idempotency-Key`. */
export interface KeyedRequest {
  readonly tokenId: string
  readonly key: string
  /** SHA-256 of all that makes the request what it is. */
  readonly sha256: string
  /** Whether the answer holds a secret: its body is not stored, and it is never given again. */
  readonly secret: boolean
}

const keptMs = 24 * 60 * 60 * 1000

/** Runs `work` once for a key, and gives the stored answer to whoever comes again with the same request. */
export async function once(deps: { database: Database; clock: () => Date }, request: KeyedRequest, work: () => Promise<StoredAnswer>): Promise<StoredAnswer> {
  const { db } = deps.database
  const now = deps.clock()
  await deleteKeysBefore(db, new Date(now.getTime() - keptMs))
  const taken = await insertKey(db, { tokenId: request.tokenId, key: request.key, requestSha256: request.sha256, at: now })
  if (!taken) return replay(deps, request)
  const answer = await work().catch(async (error: unknown) => {
    // A refusal changed nothing; the same key may try again.
    await deleteKey(db, request)
    throw error
  })
  await saveAnswer(db, request, request.secret ? { ...answer, body: null } : answer)
  return answer
}

async function replay(deps: { database: Database }, request: KeyedRequest): Promise<StoredAnswer> {
  const stored = await findKey(deps.database.db, request.tokenId, request.key)
  if (stored !== undefined && stored.requestSha256 !== request.sha256) {
    throw new ProblemError('idempotency-key-reused', 'This Idempotency-Key came with another request before. Use a new key for a new request.')
  }
  if (stored === undefined || stored.status === null) {
    throw new ProblemError('conflict', 'A request with this Idempotency-Key is being worked on, or was cut off. Wait a moment and send it again; if this stays, look whether its effect is there and use a new key.')
  }
  if (request.secret) throw new ProblemError('conflict', 'This request was done before, and its answer held a secret that is shown only once. Revoke what it made and use a new key.')
  return { status: stored.status, headers: { ...stored.headers, 'Idempotency-Replayed': 'true' }, body: stored.body }
}
