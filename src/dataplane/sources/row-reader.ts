import type { Connection, Submittable } from 'pg'
import type { Statement } from '../query/engine.ts'

/** A field of a result. */
export interface ResultField {
  readonly name: string
  readonly dataTypeID: number
}

/** Takes a row as text; what it returns is waited for before more rows are read. */
export type OnRow = (values: readonly (string | null)[], fields: readonly ResultField[]) => Promise<unknown> | undefined

export interface RowReader extends Submittable {
  /** Resolves when the statement is done, rejects with the error of the server or of `onRow`. */
  readonly done: Promise<void>
  handleRowDescription(message: { readonly fields: readonly ResultField[] }): void
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void
  handleCommandComplete(): void
  handleReadyForQuery(): void
  handleError(error: Error): void
}

/**
 * Runs a statement with its values and hands over row by row as they come, without keeping them; the connection stops while nobody
 * takes rows. The statement runs as a whole, not through a cursor, so that the server may use several processes.
 */
export function rowReader({ sql, parameters }: Statement, onRow: OnRow): RowReader {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  let connection: Connection | undefined
  let fields: readonly ResultField[] = []
  let waiting = 0
  let failed = false
  const fail = (error: unknown) => {
    failed = true
    connection?.stream.resume()
    reject(error)
  }
  const take = (values: readonly (string | null)[]) => {
    const busy = onRow(values, fields)
    if (busy === undefined) return
    if (waiting++ === 0) connection?.stream.pause()
    busy.then(() => {
      if (--waiting === 0) connection?.stream.resume()
    }, fail)
  }
  return {
    done,
    submit(opened) {
      connection = opened
      opened.parse({ name: '', text: sql, types: [] }, true)
      opened.bind({ portal: '', statement: '', values: parameters.map((value) => (value === null ? null : String(value))) }, true)
      opened.describe({ type: 'P', name: '' }, true)
      opened.execute({ portal: '' }, true)
      opened.sync()
    },
    handleRowDescription(message) {
      fields = message.fields
    },
    handleDataRow(message) {
      if (failed) return
      try {
        take(message.fields)
      } catch (error) {
        fail(error)
      }
    },
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => resolve(),
    handleError: fail,
  }
}
