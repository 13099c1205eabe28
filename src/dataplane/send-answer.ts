import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { ProblemError } from '../errors.ts'
import type { Exchange } from './exchange.ts'
import { digestField } from './file-digest.ts'
import type { TableRequest } from './query/answer-request.ts'
import type { AnswerFormat, WrittenAnswer } from './query/engine.ts'
import type { CheckedQuery } from './query/query.ts'
import type { Outcome } from './releases.ts'
import { baseName } from './representations.ts'
import { disposition, sendStream } from './send-file.ts'
import { mediaTypes } from './sources/source.ts'

/** What is told of groups that were withheld. */
export interface Withheld {
  readonly groups: number | '<5'
  readonly reasons: readonly string[]
}

/** The body of an answer: a file, or a text where it is one object. */
export interface WholeAnswer {
  readonly written: WrittenAnswer
  /** One object: its text. Null when the answer has not exactly one row. */
  readonly object: Buffer | null | undefined
  readonly bytes: number
  readonly sha256: string
}

/** What an answer is sent with. */
export interface SentAnswer {
  readonly table: TableRequest
  readonly format: AnswerFormat
  readonly checked: CheckedQuery
  readonly whole: WholeAnswer
  readonly total: number | undefined
  readonly withheld: Withheld | undefined
  /** Of the record. */
  readonly index: number
}

const singularType = 'application/vnd.pgrst.object+json'

/** The answer as it goes out: for a single object without the list around it. */
export async function wholeAnswer(written: WrittenAnswer, { singular }: TableRequest): Promise<WholeAnswer> {
  if (!singular) return { written, object: undefined, bytes: written.bytes, sha256: written.sha256 }
  if (written.rows !== 1) return { written, object: null, bytes: 0, sha256: createHash('sha256').digest('hex') }
  const content = Buffer.alloc(written.bytes)
  await written.handle.read(content, 0, written.bytes, 0)
  // As it was written: reading and writing numbers again could change them.
  const object = Buffer.from(content.toString('utf8').trim().replace(/^\[/, '').replace(/\]$/, '').trim())
  return { written, object, bytes: object.length, sha256: createHash('sha256').update(object).digest('hex') }
}

/** HEAD tells of the answer only what does not depend on the data: how long it is would tell what a query would be debited for. */
export async function sendHead(response: ServerResponse, format: AnswerFormat): Promise<Outcome> {
  response.setHeader('Content-Type', mediaTypeOf(format))
  response.end()
  return { bytes: 0, complete: true, status: 200 }
}

export async function sendAnswer(exchange: Exchange, answer: SentAnswer): Promise<Outcome> {
  const { response } = exchange
  const { whole, table, format } = answer
  if (whole.object === null) throw new ProblemError('not-acceptable', `The answer has not exactly one row, which ${singularType} needs. Ask for application/json, or narrow the query.`)
  response.setHeader('Content-Type', table.singular ? `${singularType}; charset=utf-8` : mediaTypeOf(format))
  response.setHeader('Content-Disposition', disposition(`${nameOf(exchange)}.${format}`))
  const status = setRange(response, answer)
  if (answer.withheld !== undefined) response.setHeader('Concordat-Withheld', `groups=${answer.withheld.groups}; reason=${answer.withheld.reasons.join(',')}`)
  response.statusCode = status
  const { written } = whole
  if (table.metadata) return sendParts(response, { written, status, around: metadataAround(exchange, answer) })
  response.setHeader('Repr-Digest', digestField(whole.sha256))
  response.setHeader('Content-Digest', digestField(whole.sha256))
  if (whole.object === undefined) return sendParts(response, { written, status, around: ['', ''] })
  response.setHeader('Content-Length', whole.object.length)
  const complete = await sendStream(response, Readable.from([whole.object], { objectMode: false }))
  return { bytes: complete ? whole.bytes : 0, complete, status, ...(complete ? { sha256: whole.sha256, rows: written.rows } : {}) }
}

function mediaTypeOf(format: AnswerFormat): string {
  return format === 'geojson' ? 'application/geo+json' : mediaTypes[format]
}

function nameOf({ dataset }: Exchange): string {
  if (dataset.source.type === 'postgresql') return dataset.source.table
  return dataset.version === undefined ? 'data' : baseName(dataset.version.fileName)
}

// As PostgREST tells it: the places of the rows, and how many there are where that was asked.
function setRange(response: ServerResponse, { checked, whole, total }: SentAnswer): 200 | 206 {
  const { rows } = whole.written
  const { offset } = checked
  response.setHeader('Range-Unit', 'items')
  response.setHeader('Content-Range', `${rows === 0 ? '*' : `${offset}-${offset + rows - 1}`}/${total ?? '*'}`)
  return total !== undefined && rows < total ? 206 : 200
}

function metadataAround({ grant, transfer }: Exchange, { withheld, index, whole, total }: SentAnswer): readonly [string, string] {
  const terms = grant.open ? [] : grant.terms.map(({ term, operator, wanted, at }) => ({ term, operator, wanted, at }))
  const metadata = { agreement: transfer.agreementId, terms, rows: whole.written.rows, ...(total === undefined ? {} : { total }), sha256: whole.sha256, ...(withheld === undefined ? {} : { withheld }), record: index }
  return ['{"data":', `,"metadata":${JSON.stringify(metadata)}}`]
}

async function sendParts(response: ServerResponse, parts: { written: WrittenAnswer; status: number; around: readonly [string, string] }): Promise<Outcome> {
  const { written, status, around } = parts
  const [before, after] = around
  response.setHeader('Content-Length', Buffer.byteLength(before) + written.bytes + Buffer.byteLength(after))
  if (written.bytes === 0 && before + after === '') {
    response.end()
    return { bytes: 0, complete: true, status, sha256: written.sha256, rows: written.rows }
  }
  let bytes = 0
  const counted = (chunk: Buffer) => {
    bytes += chunk.length
  }
  const content = written.bytes === 0 ? Readable.from([]) : written.handle.createReadStream({ start: 0, end: written.bytes - 1, highWaterMark: 512 * 1024, autoClose: false })
  const source = before + after === '' ? content : Readable.from(joined(before, content, after), { objectMode: false })
  const complete = await sendStream(response, source, counted)
  return { bytes: complete ? bytes : Math.max(0, bytes - response.writableLength), complete, status, ...(complete ? { sha256: written.sha256, rows: written.rows } : {}) }
}

async function* joined(before: string, content: Readable, after: string): AsyncGenerator<Buffer> {
  yield Buffer.from(before)
  for await (const chunk of content) yield chunk
  yield Buffer.from(after)
}
