import { ProblemError } from '../../src/errors.ts'
import type { Identity } from '../../src/identity/identity.ts'

/**
 * Who calls, as Eclipse EDC's iam-mock says it: the Authorization header is JSON, and who it names is believed. For trying
 * out only.
 */
export function iamMockIdentity(id: string): Identity {
  const none = async (): Promise<never> => {
    throw new ProblemError('not-found', 'With iam-mock nobody has a DID document: give the partner an address in the register.')
  }
  return {
    id,
    caller: async (authorization) => clientIdIn(authorization),
    authorization: async (audience) => JSON.stringify({ region: 'eu', audience, clientId: id }),
    signStatement: none,
    readStatement: none,
    checkId: (partner) => {
      if (partner === '') throw new ProblemError('bad-request', 'A participant id must not be empty.')
    },
    address: none,
    transparency: async () => ({ logKeys: [], witnessKeys: [], witness: undefined }),
    document: () => undefined,
    rotate: none,
  }
}

/** The participant named by an iam-mock header; other fields do not count. */
export function clientIdIn(authorization: string | undefined): string {
  const clientId = fieldOf(authorization ?? '', 'clientId')
  if (typeof clientId !== 'string' || clientId === '') throw new ProblemError('unauthenticated', 'The Authorization header must be {"clientId": "…"}, as iam-mock writes it.')
  return clientId
}

function fieldOf(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
  } catch {
    return undefined
  }
}
