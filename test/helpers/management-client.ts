import type { Contract } from '../../src/management/contract.ts'

/** An answer of the management API, checked against its document. */
export interface ManagementAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The parsed body, when it is JSON. */
  readonly body: unknown
  readonly text: string
}

export interface ManagementRequest {
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
}

export type ManagementClient = (method: string, path: string, request?: ManagementRequest) => Promise<ManagementAnswer>

/** Calls a management API. Every answer that does not fit `openapi/management.yaml` and `openapi/audit.yaml` is an error. */
export function createManagementClient(options: { address: string; token: string; contract: Contract }): ManagementClient {
  return async (method, path, request = {}) => {
    const token = request.token ?? options.token
    const body = request.json === undefined ? request.raw : JSON.stringify(request.json)
    const answer = await fetch(`${options.address}${path}`, {
      method,
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(request.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await answer.text()
    const headers = Object.fromEntries(answer.headers)
    const seen = { status: answer.status, headers, body: parsed(text, headers['content-type'] ?? ''), text }
    const pathname = new URL(`${options.address}${path}`).pathname
    const misfit = options.contract.checkAnswer({ method, path: pathname }, seen)
    if (misfit !== undefined) throw new Error(`${method} ${path} answered ${answer.status}, which does not fit the document: ${misfit}`)
    return seen
  }
}

function parsed(text: string, type: string): unknown {
  if (text === '') return undefined
  return /[/+]json\b/.test(type) ? JSON.parse(text) : text
}
