import { actor, parties } from './field.ts'
import type { EventInfo, FieldInfo } from './field.ts'

const step = {
  ...parties,
  role: { meaning: 'Our role: `provider` or `consumer`.' },
  by: { meaning: 'Who took the step: `self` or `partner`.' },
  ...actor,
  reason: { meaning: 'Why the step was taken, in the words of whoever took it.', personal: true },
  error: { meaning: 'What ended it, when it did not end well.', personal: true },
} as const satisfies Record<string, FieldInfo>

const negotiation = {
  ...step,
  negotiation: { meaning: 'Our id of the negotiation.' },
  offer: { meaning: 'Id of the offer.' },
} as const satisfies Record<string, FieldInfo>

const transfer = { ...step, format: { meaning: 'Format of the transfer.' } } as const satisfies Record<string, FieldInfo>

const obligation = {
  ...parties,
  ...actor,
  obligation: { meaning: 'Id of the obligation.' },
  place: { meaning: 'Place of the rule in the agreement, as JSON pointer.' },
  action: { meaning: 'What had to be done, as a full IRI.' },
  note: { meaning: 'What the person wrote about it.', personal: true },
} as const satisfies Record<string, FieldInfo>

const keep = 'evidence'

/** Negotiations, agreements, obligations and transfers. */
export const agreementEvents = {
  'negotiation.requested': { meaning: 'The consumer asked for an offer, or made a counter-offer.', keep, fields: negotiation },
  'negotiation.offered': { meaning: 'The provider made an offer.', keep, fields: negotiation },
  'negotiation.accepted': { meaning: 'The consumer accepted the offer.', keep, fields: negotiation },
  'negotiation.agreed': { meaning: 'The provider sent the agreement.', keep, fields: negotiation },
  'negotiation.verified': { meaning: 'The consumer confirmed the agreement.', keep, fields: negotiation },
  'negotiation.finalized': { meaning: 'The agreement counts from now on.', keep, fields: negotiation },
  'negotiation.terminated': { meaning: 'The negotiation ended without agreement.', keep, fields: negotiation },
  'agreement.stored': {
    meaning: 'The agreement is kept as it was exchanged.',
    keep,
    fields: {
      ...parties,
      negotiation: negotiation.negotiation,
      messageSha256: { meaning: 'SHA-256 of the message that carried the agreement, hex.' },
      policySha256: { meaning: 'SHA-256 of its policy as canonical JSON, hex.' },
      endsAt: { meaning: 'The last moment at which its terms can permit anything.' },
      obligations: { meaning: 'How many obligations and duties it has.' },
    },
  },
  'agreement.pruned': {
    meaning: 'Records of the agreement were removed with a log whose time was over; which, this record says.',
    keep,
    fields: {
      ...parties,
      name: { meaning: 'Name of the log.' },
      firstSeq: { meaning: 'Number of the first of them among the records of the agreement.' },
      lastSeq: { meaning: 'Number of the last.' },
      count: { meaning: 'How many they are.' },
    },
  },
  'agreement.revoked': {
    meaning: 'The provider ended the agreement before its time.',
    keep,
    fields: {
      ...parties,
      ...actor,
      by: { meaning: '`partner` when the other side ended it.' },
      transfers: { meaning: 'How many running transfers ended with it.' },
      code: { meaning: 'Code of the reason.' },
      reason: step.reason,
    },
  },
  'obligation.fulfilled': { meaning: 'A person noted that an obligation was done.', keep, fields: obligation },
  'obligation.violated': { meaning: 'A person noted that an obligation was not done.', keep, fields: obligation },
  'transfer.requested': { meaning: 'The consumer asked for a transfer under the agreement.', keep, fields: transfer },
  'transfer.started': { meaning: 'The transfer started, or started again.', keep, fields: transfer },
  'transfer.suspended': { meaning: 'The transfer is suspended.', keep, fields: transfer },
  'transfer.completed': { meaning: 'The transfer is complete.', keep, fields: transfer },
  'transfer.terminated': { meaning: 'The transfer was ended.', keep, fields: transfer },
} as const satisfies Record<string, EventInfo>
