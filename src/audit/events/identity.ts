import { actor, parties } from './field.ts'
import type { EventInfo, FieldInfo } from './field.ts'

const partner = {
  partner: { meaning: 'Participant id of the partner.' },
  ...actor,
} as const satisfies Record<string, FieldInfo>

const registered = {
  ...partner,
  name: { meaning: 'Name of the partner.' },
  address: { meaning: 'Address of its connector; null when its DID document tells it.' },
  groups: { meaning: 'Groups of the partner that policies may name.' },
} as const satisfies Record<string, FieldInfo>

const token = {
  token: { meaning: 'Id of the API token.' },
  name: { meaning: 'Name of the token, which may be that of a person.', personal: true },
  role: { meaning: 'Role of the token.' },
  ...actor,
} as const satisfies Record<string, FieldInfo>

const key = {
  kid: { meaning: 'Id of the key in the DID document.' },
  jwk: { meaning: 'The public key (RFC 7517).', json: true },
} as const satisfies Record<string, FieldInfo>

const caller = { caller: { meaning: 'Network address of the caller; `others` beyond those told apart.', personal: true } } as const satisfies Record<string, FieldInfo>

const keep = 'operation'

/** Who is let in: partners, tokens, logins and keys. */
export const identityEvents = {
  'partner.added': { meaning: 'A partner was added to the register.', keep, fields: registered },
  'partner.updated': { meaning: 'Name, address or groups of a partner changed.', keep, fields: registered },
  'partner.removed': { meaning: 'A partner was removed from the register, and its access ended.', keep, fields: partner },
  'token.created': { meaning: 'An API token was made.', keep, fields: { ...token, purposes: { meaning: 'Purposes that its user may state.' } } },
  'token.marked': { meaning: 'API tokens from before an upgrade were marked as they were in the database then; nothing vouches for their roles before that.', keep, fields: { tokens: { meaning: 'Their ids and roles.', json: true } } },
  'token.refused': { meaning: 'An API token was refused: its row in the database, with its role, is not as the connector wrote it, or the database has it as valid after it was revoked.', keep, fields: { token: token.token, role: { meaning: 'The role that the database gives it.' }, ...caller } },
  'token.revoked': { meaning: 'An API token was revoked; by `start` when the database had it as valid again.', keep, fields: token },
  'login.accepted': {
    meaning: 'An API token or user was let in, the first time of a day since the connector started.',
    keep,
    fields: {
      ...caller,
      ...actor,
      token: { meaning: 'Id of the API token; absent for a user of the identity provider.' },
      user: { meaning: 'Pseudonym of a user of the identity provider.', personal: true },
      role: { meaning: 'Role of the token or user.' },
    },
  },
  'login.refused': {
    meaning: 'Requests with a wrong token were refused; those of a caller within a second are counted.',
    keep,
    fields: { ...caller, code: { meaning: 'Code of the refusal.' }, count: { meaning: 'How many requests the record counts.' } },
  },
  'key.created': { meaning: 'A key of ours that the record does not have came into use, the first one or one whose record was pruned: partners verify our tokens and statements with it.', keep: 'evidence', fields: key },
  'key.rotated': {
    meaning: 'We have a new key.',
    keep: 'evidence',
    fields: { ...key, ...actor, previousUntil: { meaning: 'Until when the previous key stays in the DID document.' } },
  },
  'key.seen': { meaning: "A partner's key verified for the first time.", keep: 'evidence', fields: { partner: parties.partner, ...key } },
} as const satisfies Record<string, EventInfo>
