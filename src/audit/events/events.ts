import { agreementEvents } from './agreements.ts'
import { catalogEvents } from './catalog.ts'
import { dataEvents } from './data.ts'
import type { EventInfo, FieldInfo } from './field.ts'
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

/** The paths of the fields that are, in some type of record, as `is` says. */
function pathsOf(is: (info: FieldInfo) => boolean): ReadonlySet<string> {
  return new Set(Object.values<EventInfo>(events).flatMap(({ fields }) => Object.entries(fields).flatMap(([path, info]) => (is(info) ? [path] : []))))
}

/** The fields that tell of a person: these alone can be erased. */
export const personalFields = pathsOf(({ personal }) => personal === true)

/** The fields whose values are commitments in the log: these alone can be left out of evidence. */
export const committedFields = pathsOf(({ personal, bulky }) => personal === true || bulky === true)

const byName: ReadonlyMap<string, EventInfo> = new Map(Object.entries(events))

/** The type with this name; undefined when there is none. */
export function eventOf(type: string): EventInfo | undefined {
  return byName.get(type)
}
