import { actor, parties } from './field.ts'
import type { EventInfo, FieldInfo } from './field.ts'

const dataset = { dataset: parties.dataset, ...actor } as const satisfies Record<string, FieldInfo>
const offer = { offer: { meaning: 'Id of the offer.' }, ...actor } as const satisfies Record<string, FieldInfo>
const digests = {
  metadataSha256: { meaning: 'SHA-256 of its metadata as canonical JSON, hex.' },
  sourceSha256: { meaning: 'SHA-256 of the description of its source as canonical JSON, hex.' },
} as const satisfies Record<string, FieldInfo>
const secret = { secret: { meaning: 'Name of the secret; never what it is.' }, ...actor } as const satisfies Record<string, FieldInfo>
const stops = { stops: { meaning: 'Agreements whose terms cannot be enforced after the change: nothing is released under them.' } } as const satisfies Record<string, FieldInfo>
const keep = 'operation'

/** Publication: datasets, offers, and the secrets of their sources. */
export const catalogEvents = {
  'dataset.created': { meaning: 'A dataset was published.', keep, fields: { ...dataset, ...digests, source: { meaning: 'Type of its source.' }, sha256: { meaning: 'SHA-256 of its first file, hex.' } } },
  'dataset.updated': { meaning: 'Metadata or source of a dataset changed.', keep, fields: { ...dataset, ...digests, ...stops, version: { meaning: 'Number of the change.' }, changed: { meaning: 'What changed: `source`, and names of properties of the metadata.' } } },
  'dataset.version': {
    meaning: 'A dataset got a new version of its file.',
    keep,
    fields: {
      ...dataset,
      ...stops,
      number: { meaning: 'Number of the version.' },
      bytes: { meaning: 'Size of the file.' },
      rows: { meaning: 'How many rows it has; null when they are not counted.' },
      sha256: { meaning: 'SHA-256 of the file, hex.' },
      columns: { meaning: 'Columns that are new, gone, or of another type.', json: true },
    },
  },
  'dataset.removed': { meaning: 'A dataset was removed.', keep, fields: dataset },
  'offer.created': {
    meaning: 'An offer was made.',
    keep,
    fields: {
      ...offer,
      dataset: { meaning: 'The dataset, when it is only one.' },
      datasets: { meaning: 'The datasets under the offer.' },
      audience: { meaning: 'The partners who may see it; null for all.' },
      decision: { meaning: 'Who decides requests for it: `automatic` or `manual`.' },
      policySha256: { meaning: 'SHA-256 of its policy as canonical JSON, hex.' },
    },
  },
  'offer.removed': { meaning: 'An offer was removed; agreements stay.', keep, fields: offer },
  'secret.set': { meaning: 'A secret for an HTTP source was set or replaced.', keep, fields: secret },
  'secret.removed': { meaning: 'A secret for an HTTP source was removed.', keep, fields: secret },
} as const satisfies Record<string, EventInfo>
