import { agreementEvents } from './agreements.ts'
import { catalogEvents } from './catalog.ts'
import { dataEvents } from './data.ts'
import type { EventInfo } from './field.ts'
import { identityEvents } from './identity.ts'
import { logEvents } from './log.ts'
import { operationEvents } from './operation.ts'

/** The catalogue by subject, in the order in which it is shown. */
export const eventSubjects = {
  data: dataEvents,
  agreements: agreementEvents,
  catalog: catalogEvents,
  identity: identityEvents,
  operation: operationEvents,
  log: logEvents,
} as const satisfies Record<string, Record<string, EventInfo>>

/** Every type of record with its fields. What is not in it cannot be recorded. */
export const events = { ...dataEvents, ...agreementEvents, ...catalogEvents, ...identityEvents, ...operationEvents, ...logEvents } as const satisfies Record<string, EventInfo>

/** The fields whose values are commitments in the log, by their paths: these alone can be left out of evidence, or erased. */
export const committedFields: ReadonlySet<string> = new Set(
  Object.values<EventInfo>(events).flatMap(({ fields }) => Object.entries(fields).flatMap(([path, { personal, bulky }]) => (personal === true || bulky === true ? [path] : []))),
)

const byName: ReadonlyMap<string, EventInfo> = new Map(Object.entries(events))

/** The type with this name; undefined when there is none. */
export function eventOf(type: string): EventInfo | undefined {
  return byName.get(type)
}
