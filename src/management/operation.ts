import type { ServerResponse } from 'node:http'
import type { components, operations } from '../../openapi/management.d.ts'

/** The operations of `openapi/management.yaml` and `openapi/audit.yaml`, by their ids. */
export type OperationId = keyof operations

/** The schemas of both. */
export type Schemas = components['schemas']

export type TokenRole = Schemas['TokenRole']

/** Whose token a request carries. */
export interface Caller {
  readonly tokenId: string
  readonly name: string
  readonly role: TokenRole
  /** Gateway: the purposes that may be stated; null: any. */
  readonly purposes: readonly string[] | null
}

/** An upload that was received whole; the file is removed after the request unless it was moved. */
export interface ReceivedFile {
  readonly path: string
  readonly fileName: string
  readonly mediaType?: string
  readonly bytes: number
  readonly sha256: string
}

type ParametersOf<K extends OperationId> = operations[K]['parameters']
type Nothing = Readonly<Record<never, never>>

export type PathOf<K extends OperationId> = ParametersOf<K> extends { readonly path: infer P extends object } ? P : Nothing
export type QueryOf<K extends OperationId> = ParametersOf<K> extends { readonly query?: infer Q extends object } ? ([Q] extends [never] ? Nothing : Q) : Nothing

type JsonBody<B> = B extends { readonly content: { readonly 'application/json': infer J } } ? J : B extends { readonly content: object } ? ReceivedFile : never
export type BodyOf<K extends OperationId> = operations[K] extends { readonly requestBody: infer B }
  ? JsonBody<B>
  : operations[K] extends { readonly requestBody?: infer B }
    ? [B] extends [never]
      ? undefined
      : JsonBody<NonNullable<B>> | undefined
    : undefined

/** A request that fits the document. */
export interface Call<K extends OperationId> {
  readonly caller: Caller
  readonly path: PathOf<K>
  readonly query: QueryOf<K>
  readonly body: BodyOf<K>
  /** The row version that `If-Match` names; undefined for `*`, and where the operation needs none. */
  readonly ifVersion: number | undefined
  readonly header: (name: string) => string | undefined
}

type Responses<K extends OperationId> = Omit<operations[K]['responses'], 'default'>
type JsonOf<R> = R extends { readonly content: { readonly 'application/json': infer J } } ? J : undefined
export type Headers = Readonly<Record<string, string>>

/** Any answer of JSON, or of nothing. */
export interface AnyJsonAnswer {
  readonly status: number
  readonly headers?: Headers
  readonly body?: unknown
}

/** An answer of JSON, or of nothing, as the document has it for its status. */
export type JsonAnswer<K extends OperationId> = AnyJsonAnswer & {
  [S in keyof Responses<K>]: JsonOf<Responses<K>[S]> extends undefined ? { readonly status: S; readonly headers?: Headers; readonly body?: undefined } : { readonly status: S; readonly headers?: Headers; readonly body: JsonOf<Responses<K>[S]> }
}[keyof Responses<K>]

/** An answer that is text as it is. */
export interface TextAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** An answer that is written as it comes. */
export interface StreamedAnswer {
  readonly write: (res: ServerResponse) => Promise<void>
}

export type RawAnswer = TextAnswer | StreamedAnswer

/** One function for each operation of the document. */
export type Handlers = { readonly [K in OperationId]: (call: Call<K>) => Promise<JsonAnswer<K> | RawAnswer> }
