import { isProblem, ProblemError } from '../errors.ts'
import type { OidcUser } from '../identity/oidc.ts'
import type { Authenticate } from './authentication.ts'
import type { ManagementDeps } from './deps.ts'
import type { Logins } from './logins.ts'
import { isManagementRole } from './roles.ts'

/** Who uses the gateway, and what may be stated of them. */
export interface GatewayUser {
  /** What they are called in our record. */
  readonly name: string
  /** What they are called in the program's log, from which nobody is erased: the id of their token, or a pseudonym. */
  readonly mark: string
  /** What their pseudonym is made of. */
  readonly subject: readonly string[]
  /** null: any role may be stated. */
  readonly roles: readonly string[] | null
  /** The first is stated unless told otherwise; null: any may be stated. */
  readonly purposes: readonly string[] | null
}

type AdmitDeps = Pick<ManagementDeps, 'oidc' | 'pseudonym' | 'self'> & { readonly logins: Logins }

/** Lets in users of the gateway: with a token of ours, an operator's included, or an access token of the configured issuer. */
export function createAdmitUser(deps: AdmitDeps, authenticate: Authenticate): (request: { authorization: string | undefined; address: string }) => Promise<GatewayUser> {
  return async (request) => {
    const [, jwt] = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(request.authorization ?? '') ?? []
    if (jwt !== undefined && deps.oidc !== undefined) {
      const { issuer, user, roles } = await admitted(deps, deps.oidc(jwt), request.address)
      const subject = ['oidc', issuer, user]
      const name = `oidc:${user}`
      const mark = deps.pseudonym(deps.self.id, subject)
      deps.logins.accepted({ user: mark, actor: name, ...(roles.length === 0 ? {} : { role: roles.join(' ') }), caller: request.address })
      return { name, mark, subject, roles, purposes: null }
    }
    const { tokenId, name, role, purposes } = await authenticate(request)
    if (role !== 'operator' && isManagementRole(role)) throw new ProblemError('forbidden', `A token with the role ${role} is for the management API, not for the gateway. Ask an operator for a token of a user: concordat token create NAME --role analyst.`)
    return { name, mark: tokenId, subject: ['token', tokenId], roles: role === 'operator' ? null : [role], purposes }
  }
}

async function admitted({ logins }: Pick<AdmitDeps, 'logins'>, verifying: Promise<OidcUser>, caller: string): Promise<OidcUser> {
  try {
    return await verifying
  } catch (error) {
    if (isProblem(error) && error.code === 'unauthenticated') logins.refused({ caller, code: error.code })
    throw error
  }
}

/** The role to state: the one that is asked for, if it is the user's; the user's only one otherwise. */
export function roleToState({ roles }: GatewayUser, asked: string | undefined): string | undefined {
  if (asked !== undefined && !/^(?=.{1,200}$)[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(asked)) throw new ProblemError('bad-request', '/header/concordat-role: must be up to 200 visible characters.')
  if (roles === null) return asked
  if (asked !== undefined) {
    if (!roles.includes(asked)) throw new ProblemError('forbidden', `The role ${asked} is not yours. Yours: ${roles.join(', ') || 'none'}.`)
    return asked
  }
  if (roles.length > 1) throw new ProblemError('bad-request', `/header/concordat-role: must say in which of your roles you ask: ${roles.join(', ')}.`)
  if (roles.length === 0) throw new ProblemError('forbidden', 'Your access token names no role. Whoever runs the issuer gives you one.')
  return roles[0]
}

/** The purpose to state: the one that is asked for, if the user may state it; the user's first one otherwise. */
export function purposeToState({ purposes }: GatewayUser, asked: string | undefined): string | undefined {
  if (asked === undefined) return purposes?.[0]
  if (purposes !== null && !purposes.includes(asked)) throw new ProblemError('forbidden', `The purpose ${asked} is not among those of your token: ${purposes.join(', ')}.`)
  return asked
}
