import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProblemError } from '../../errors.ts'
import type { Opening } from '../../tlog/commitment.ts'
import type { DataRouteDeps, DataTarget } from '../exchange.ts'
import { headersOf, receiptOf } from './receipt-headers.ts'
import { findOpenings } from './store.ts'

/** A record as it is in the log, with what opens its committed fields and the proof that it is there. */
export interface RecordDocument {
  readonly record: number
  /** Canonical JSON: the very bytes of the leaf. */
  readonly entry: string
  readonly openings: Readonly<Record<string, Opening>>
  /** C2SP tlog-proof. */
  readonly receipt: string
}

/** Answers `GET …/receipts/INDEX`: a record of what was asked or given under the transfer, with its receipt. False when something else is asked for. */
export async function sendReceipt(deps: Pick<DataRouteDeps, 'database' | 'audit'>, asked: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly target: DataTarget; readonly partner: string }): Promise<boolean> {
  const { request, response, target, partner } = asked
  const [, number] = /^\/receipts\/(0|[1-9]\d{0,14})$/.exec(target.path) ?? []
  if (number === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false
  const record = Number(number)
  const [found] = await deps.audit.entries({ after: record - 1, limit: 1, transfer: target.transferId, partner })
  // Of the transfer's steps there are messages; what is proven here is what was asked and given.
  if (found?.index !== record || !found.type.startsWith('data.')) throw new ProblemError('not-found', 'No record of what was asked under this transfer has that number.')
  const receipt = await receiptOf(deps, record)
  const document: RecordDocument = { record, entry: await textOf(deps, record), openings: await findOpenings(deps.database.db, record), receipt }
  const body = JSON.stringify(document)
  response.writeHead(200, { ...headersOf(record, receipt), 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
  return true
}

async function textOf({ audit }: Pick<DataRouteDeps, 'audit'>, record: number): Promise<string> {
  const { log, leafIndex } = await audit.log.inclusion(record)
  const [leaf] = await audit.log.leaves(log, leafIndex, 1)
  if (leaf?.index !== leafIndex) throw new ProblemError('record-unavailable', 'The record cannot be read now. Try again later.')
  return leaf.entry
}
