import { isProblem, ProblemError } from '../errors.ts'
import type { Identity } from '../identity/identity.ts'
import type { Partner } from '../identity/store.ts'

/** What is asked to find out who calls. */
export interface AuthenticateDeps {
  readonly identity: Pick<Identity, 'caller'>
  readonly findPartner: (id: string) => Promise<Partner | undefined>
}

/**
 * The one place that decides who is let in: the caller proves a participant id, and that participant is in the register. A
 * bad token and a good token of a stranger get the same answer, so that nobody learns who our partners are.
 */
export async function authenticate(deps: AuthenticateDeps, authorization: string | undefined): Promise<Partner> {
  const id = await proven(deps, authorization)
  const partner = id === undefined ? undefined : await deps.findPartner(id)
  if (partner === undefined) throw new ProblemError('unauthenticated', 'The request must carry a token of a registered partner in its Authorization header.')
  return partner
}

async function proven({ identity }: AuthenticateDeps, authorization: string | undefined): Promise<string | undefined> {
  try {
    return await identity.caller(authorization)
  } catch (error) {
    // "Later" is said as it is; every other refusal is the same to the caller.
    if (!isProblem(error) || error.code === 'too-many-requests' || error.code === 'store-unavailable') throw error
    return undefined
  }
}
