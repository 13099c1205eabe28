import { createInterface } from 'node:readline'
import { Agent } from 'undici'

/** The load generator: a plain client, in this process, which serves nothing. */
const agent = new Agent({ connections: 128, keepAliveTimeout: 30_000, headersTimeout: 60_000, bodyTimeout: 60_000 })

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly raw?: string | Buffer
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export async function ask(url: string, asked: Asked = {}): Promise<Answered> {
  const { origin, pathname, search } = new URL(url)
  const body = asked.json === undefined ? asked.raw : JSON.stringify(asked.json)
  const answer = await agent.request({
    origin,
    path: pathname + search,
    method: asked.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(asked.json === undefined ? {} : { 'content-type': 'application/json' }), ...asked.headers },
    body: body ?? null,
  })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

/** Asks, and fails unless the answer has this status. */
export async function expecting<T>(status: number, url: string, asked: Asked = {}): Promise<T> {
  const answer = await ask(url, asked)
  if (answer.status !== status) throw new Error(`${url} answered ${answer.status}, not ${status}: ${answer.text.slice(0, 500)}`)
  return JSON.parse(answer.text)
}

/** Reads a body to its end without keeping it. Gives its bytes. */
export async function drain(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const { origin, pathname, search } = new URL(url)
  const { statusCode, body } = await agent.request({ origin, path: pathname + search, method: 'GET', headers: { ...headers } })
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}: ${await body.text()}`)
  let bytes = 0
  for await (const piece of body) if (Buffer.isBuffer(piece)) bytes += piece.length
  return bytes
}

/** Names that a stream of server-sent events tells, and who waits for them. */
export interface Watch {
  /** Resolves once the stream tells of `name`, or at once when it did already. */
  seen(name: string): Promise<void>
  close(): void
}

/** Follows a stream of events; `nameIn` takes from the data of one what is waited for, or throws to end the run. */
export async function watch(url: string, headers: Readonly<Record<string, string>>, nameIn: (data: string) => string | undefined): Promise<Watch> {
  const { origin, pathname, search } = new URL(url)
  const abort = new AbortController()
  const { statusCode, body } = await agent.request({ origin, path: pathname + search, method: 'GET', headers: { ...headers }, bodyTimeout: 0, signal: abort.signal })
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`)
  body.on('error', () => undefined)
  const told = new Set<string>()
  const waiting = new Map<string, () => void>()
  const lines = createInterface({ input: body })
  lines.on('error', () => undefined)
  lines.on('close', () => {
    // Whoever waits would wait for ever.
    if (!abort.signal.aborted) throw new Error(`The stream of events at ${origin} ended`)
  })
  lines.on('line', (line) => {
    const name = line.startsWith('data: ') ? nameIn(line.slice('data: '.length)) : undefined
    if (name === undefined) return
    const resolve = waiting.get(name)
    if (resolve === undefined) told.add(name)
    else resolve()
    waiting.delete(name)
  })
  return {
    seen: (name) => (told.delete(name) ? Promise.resolve() : new Promise((resolve) => waiting.set(name, resolve))),
    close: () => abort.abort(),
  }
}

export function closeClient(): Promise<void> {
  return agent.destroy()
}
