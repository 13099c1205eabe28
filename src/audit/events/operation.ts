import { actor } from './field.ts'
import type { EventInfo } from './field.ts'

const keep = 'operation'

/** How the connector is run. */
export const operationEvents = {
  'connector.started': {
    meaning: 'The connector started.',
    keep,
    fields: {
      version: { meaning: 'Version of the connector.' },
      database: { meaning: 'Which database it uses.' },
      settings: { meaning: 'Settings that are set, by name: values that are no secrets, and of the others a digest.', json: true },
    },
  },
  'connector.stopped': { meaning: 'The connector was stopped in an orderly way.', keep, fields: { version: { meaning: 'Version of the connector.' } } },
  'connector.clock': {
    meaning: 'How far the clock is off, at the start and each hour.',
    keep,
    fields: {
      source: { meaning: 'What it is compared with: an NTP server, the database, or only itself (`system`).' },
      offsetMs: { meaning: 'Milliseconds by which that is ahead of our clock.' },
      roundTripMs: { meaning: 'How long the comparison took; the offset is right within half of it.' },
      authenticated: { meaning: 'Whether the source proved who it is.' },
      failure: { meaning: 'Why the source could not be asked.' },
    },
  },
  'clock.went-back': {
    meaning: 'The clock was set back by more than a second since the last record.',
    keep,
    fields: { before: { meaning: 'Time of the record before.' }, byMs: { meaning: 'By how many milliseconds.' } },
  },
  'audit.erased': {
    meaning: 'Personal values were erased from records; their commitments stay, and every proof still holds.',
    keep: 'evidence',
    fields: {
      ...actor,
      by: { meaning: 'What the records were found by: `user`, `actor`, `caller` or `record`.' },
      reason: { meaning: 'Why, in the words of whoever erased.', personal: true },
      records: { meaning: 'Numbers of the records, as ranges such as `3-7`.' },
      count: { meaning: 'How many records.' },
      fields: { meaning: 'Which fields.' },
    },
  },
  'audit.evidence': {
    meaning: 'The evidence of an agreement was exported.',
    keep: 'evidence',
    fields: { agreement: { meaning: 'Id of the agreement.' }, partner: { meaning: 'Participant id of the other party.' }, ...actor, records: { meaning: 'How many records it has.' }, sha256: { meaning: 'SHA-256 of its manifest, hex.' }, redacted: { meaning: 'Fields that were left out.' } },
  },
  'audit.exported': {
    meaning: 'Records were exported.',
    keep,
    fields: { ...actor, format: { meaning: 'Format of the export.' }, filter: { meaning: 'Which records were wanted.', json: true }, count: { meaning: 'How many records.' } },
  },
} as const satisfies Record<string, EventInfo>
