import type { EventInfo, FieldInfo } from './field.ts'
import { eventSubjects } from './events.ts'

const titles: Readonly<Record<keyof typeof eventSubjects, string>> = {
  data: 'Data',
  agreements: 'Negotiations, agreements and transfers',
  catalog: 'Publication',
  identity: 'Partners, tokens, logins and keys',
  operation: 'Operation',
  log: 'The log and its witnesses',
}

const head = `# What is recorded

Generated from the code by \`npm run generate\`; do not edit. \`GET /audit/events\` gives the same as JSON.

Each record is canonical JSON (RFC 8785) with \`type\`, \`time\` (UTC) and the fields below; a field that does not apply is left out. Records of an
agreement also have \`seq\`: 0, 1, 2 … without gaps, through all logs.

- **P**: the field can tell of a person. The log has \`{"committed": …}\`, the SHA-256 of a random salt and the value, and the value lies beside it
  until it is erased (\`concordat audit erase\`) or the log is pruned.
- **B**: evidence that is too bulky for an entry. The log has a commitment in the same way.
- Kept as **evidence**: as long as claims can come of an agreement. Kept as **operation**: to show how the connector was run. Both stay until their
  yearly log is pruned (\`concordat audit prune\`, \`CONCORDAT_AUDIT_RETENTION_YEARS\`); nothing is removed unless that is set or asked for.
`

/** The catalogue as a document for people (Markdown). */
export function eventsDocument(): string {
  const subjects: readonly (readonly [string, Readonly<Record<string, EventInfo>>])[] = Object.entries(eventSubjects)
  const names: Readonly<Record<string, string>> = titles
  return [head, ...subjects.map(([subject, types]) => `## ${names[subject] ?? subject}\n\n${Object.entries(types).map(typeText).join('\n')}`)].join('\n')
}

function typeText([type, { meaning, keep, fields }]: readonly [string, EventInfo]): string {
  const rows = Object.entries(fields).map(([path, field]) => `| \`${path}\` | ${marks(field)} | ${field.meaning} |`)
  return [`### \`${type}\``, '', `${meaning} Kept as ${keep}.`, '', '| Field | | Meaning |', '| --- | --- | --- |', ...rows, ''].join('\n')
}

function marks({ personal, bulky }: FieldInfo): string {
  return [...(personal === true ? ['P'] : []), ...(bulky === true ? ['B'] : [])].join(' ')
}

/** A type of record as the API tells it. */
export interface EventDescription {
  readonly type: string
  readonly subject: string
  readonly meaning: string
  readonly keep: 'evidence' | 'operation'
  readonly fields: readonly { readonly name: string; readonly meaning: string; readonly personal: boolean; readonly bulky: boolean }[]
}

/** The catalogue as the API tells it. */
export function describeEvents(): EventDescription[] {
  const subjects: readonly (readonly [string, Readonly<Record<string, EventInfo>>])[] = Object.entries(eventSubjects)
  return subjects.flatMap(([subject, types]) =>
    Object.entries(types).map(([type, { meaning, keep, fields }]) => ({
      type,
      subject,
      meaning,
      keep,
      fields: Object.entries(fields).map(([name, field]) => ({ name, meaning: field.meaning, personal: field.personal === true, bulky: field.bulky === true })),
    })),
  )
}
