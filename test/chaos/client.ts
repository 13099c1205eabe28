import { createHash, randomUUID } from 'node:crypto'
import type { components } from '../../openapi/management.d.ts'
import type { ConnectorProcess } from '../helpers/connector-process.ts'

export type Negotiation = components['schemas']['Negotiation']
export type Transfer = components['schemas']['Transfer']
export type Agreement = components['schemas']['Agreement']
export type Delivery = components['schemas']['Delivery']
export type OutboxMessage = components['schemas']['OutboxMessage']
export type Entry = components['schemas']['AuditEntry'] & { readonly negotiation?: string; readonly messageSha256?: string }

/** What a management API answered. */
export interface Answer<T> {
  readonly status: number
  readonly body: T
  readonly code?: string
}

export interface Sending {
  readonly json?: unknown
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One try. Throws when there is no answer. */
export async function call<T>(connector: ConnectorProcess, method: string, path: string, sending: Sending = {}): Promise<Answer<T>> {
  const body = sending.json === undefined ? sending.raw : JSON.stringify(sending.json)
  const answer = await fetch(`${connector.managementUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${connector.token}`, ...(sending.json === undefined ? {} : { 'content-type': 'application/json' }), ...sending.headers },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await answer.text()
  const parsed: T & { code?: string } = text === '' ? undefined : JSON.parse(text)
  return { status: answer.status, body: parsed, ...(typeof parsed?.code === 'string' ? { code: parsed.code } : {}) }
}

/**
 * Tries until there is an answer of the connector itself, as a careful client does: it waits for the process to be back, keeps
 * its `Idempotency-Key`, and takes 5xx for "later".
 */
export async function insist<T>(connector: ConnectorProcess, method: string, path: string, sending: Sending = {}): Promise<Answer<T>> {
  const deadline = Date.now() + 120_000
  let key = randomUUID()
  for (let attempt = 1; ; attempt++) {
    const headers = method === 'POST' ? { 'idempotency-key': key, ...sending.headers } : (sending.headers ?? {})
    const answer = await call<T>(connector, method, path, { ...sending, headers }).catch(() => undefined)
    const cutOff = answer?.status === 409 && JSON.stringify(answer.body).includes('Idempotency-Key')
    if (answer !== undefined && answer.status < 500 && !cutOff) return answer
    if (Date.now() > deadline) throw new Error(`${connector.name} gave no answer to ${method} ${path}: ${answer === undefined ? 'none' : answer.status}`)
    // The request with this key was cut off by a kill; what it did, if anything, is there. A new one is a new wish.
    if (cutOff && attempt > 3) key = randomUUID()
    await connector.whenUp()
    await pause(Math.min(50 * attempt, 500))
  }
}

/** Everything in a list. */
export async function all<T>(connector: ConnectorProcess, path: string): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const query: string = `${path.includes('?') ? '&' : '?'}limit=1000${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`
    const { status, body }: Answer<{ items: T[]; next: string | null }> = await insist(connector, 'GET', path + query)
    if (status !== 200) throw new Error(`${connector.name} answered GET ${path} with ${status}`)
    items.push(...body.items)
    cursor = body.next
  } while (cursor !== null)
  return items
}

/** What came of a download. */
export interface Download {
  readonly status: number | undefined
  readonly bytes: number
  /** When the first byte was here. */
  readonly firstByteAt?: Date
  /** SHA-256 of the body, when it came whole. */
  readonly sha256?: string
  /** What came beside the body. */
  readonly given?: Given
}

/** Headers of an answer that came through a gateway. */
export interface Given {
  readonly record: string | null
  readonly receipt: string | null
  /** What the gateway found it to be worth. */
  readonly checked: string | null
}

export function givenWith({ headers }: Response): Given {
  return { record: headers.get('concordat-record'), receipt: headers.get('concordat-receipt'), checked: headers.get('concordat-receipt-checked') }
}

/** Downloads through the consumer; tolerates being cut at any moment. */
export async function download(connector: ConnectorProcess, transferId: string, signal?: AbortSignal): Promise<Download> {
  let bytes = 0
  let firstByteAt: Date | undefined
  let status: number | undefined
  let given: Given | undefined
  const hash = createHash('sha256')
  const seen = () => ({ status, bytes, ...(firstByteAt === undefined ? {} : { firstByteAt }), ...(given === undefined ? {} : { given }) })
  try {
    const answer = await fetch(`${connector.managementUrl}/transfers/${encodeURIComponent(transferId)}/data`, {
      headers: { authorization: `Bearer ${connector.token}` },
      signal: AbortSignal.any([AbortSignal.timeout(30_000), ...(signal === undefined ? [] : [signal])]),
    })
    status = answer.status
    given = givenWith(answer)
    if (status !== 200 || answer.body === null) {
      await answer.body?.cancel()
      return seen()
    }
    for await (const piece of answer.body) {
      firstByteAt ??= new Date()
      bytes += piece.length
      hash.update(piece)
    }
    return { ...seen(), sha256: hash.digest('hex') }
  } catch {
    return seen()
  }
}

/** Between two tries of something that has no event to wait on. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
