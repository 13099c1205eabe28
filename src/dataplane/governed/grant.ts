import type { IncomingMessage } from 'node:http'
import { createHash } from 'node:crypto'
import { isProblem, ProblemError } from '../../errors.ts'
import type { AccessStatement } from '../../identity/statement.ts'
import { requestDigest, signedFacts, statementHeader } from '../../identity/statement.ts'
import type { PolicyDecision } from '../../policy/decision.ts'
import { operandOf } from '../../policy/profile.ts'
import { transferFacts } from '../release.ts'
import type { DataPlaneDeps, ReleasedTransfer } from '../release.ts'
import type { Facts } from '../releases.ts'
import type { AgreementTerms, PermissionTerms } from './agreement-terms.ts'
import type { AskedFor } from './request-terms.ts'
import { policyRequest, worldOf } from './request-terms.ts'
import { notPermitted, toldTerms } from './told-terms.ts'
import type { ToldTerm } from './told-terms.ts'

/** Terms under which nothing is asked of a request, which then goes the short way. */
export interface OpenGrant {
  readonly open: true
  /** SHA-256 of the agreement's policy, hex. */
  readonly policySha256: string
}

/** A permission for one request, with what it leaves to the query and to counters. */
export interface Grant extends PermissionTerms {
  readonly open: false
  readonly agreement: string
  /** The signed statement that came with the request, as it is noted when it is spent. */
  readonly statement: { readonly id: string; readonly expiresAt: Date } | undefined
  readonly idempotency: { readonly key: string; readonly request: string; readonly retries: number } | undefined
  /** What the record says of who asked and why it was permitted. */
  readonly facts: Facts
  /** All terms that held, and those enforced in the answer. */
  readonly terms: readonly ToldTerm[]
  /** Decides once more, for what took long: throws when the answer would be another one by now. */
  readonly recheck: () => void
}

/** A refusal with what the record says of it. */
export interface Refusal {
  readonly problem: ProblemError
  readonly facts: Facts
}

export interface GrantDeps extends Pick<DataPlaneDeps, 'readStatement' | 'clock'> {
  readonly terms: (transfer: ReleasedTransfer) => AgreementTerms | undefined
  /** Records a refusal. */
  readonly refused: (refusal: Refusal) => void
}

/** What is asked, and by which request under which transfer. `path` is what follows the endpoint. */
export interface GrantRequest {
  readonly transfer: ReleasedTransfer
  /** Undefined for a delivery, which nobody states anything for. */
  readonly request: Pick<IncomingMessage, 'method' | 'headers'> | undefined
  readonly target: { readonly path: string; readonly query: string }
  readonly asked: (terms: AgreementTerms) => AskedFor
}

/** The terms of a transfer's agreement. One that cannot be read permits nothing. */
export function requireTerms(deps: Pick<GrantDeps, 'terms'>, transfer: ReleasedTransfer): AgreementTerms {
  try {
    const terms = deps.terms(transfer)
    if (terms !== undefined) return terms
  } catch (cause) {
    if (!isProblem(cause)) throw cause
    throw new ProblemError('not-permitted', `The terms of the agreement cannot be read, so nothing is permitted: ${cause.message}`, { cause })
  }
  throw new ProblemError('not-permitted', 'The agreement of the transfer is not known, so nothing is permitted.')
}

/** Decides a request by the terms of its agreement; a refusal is recorded and thrown. */
export async function grantRequest(deps: GrantDeps, input: GrantRequest): Promise<OpenGrant | Grant> {
  const { transfer, request } = input
  let facts: Facts = factsOf(transfer, undefined)
  try {
    const terms = requireTerms(deps, transfer)
    facts = { ...facts, policySha256: terms.digest }
    const header = request?.headers[statementHeader]
    if (terms.terms.open && header === undefined) return { open: true, policySha256: terms.digest }
    const statement = header === undefined || request === undefined ? undefined : await readStatement(deps, { ...input, request }, header)
    facts = { ...facts, ...factsOf(transfer, statement), ...(typeof header === 'string' ? signedFacts(header) : {}) }
    return decideGrant(deps, input, { terms, statement, facts })
  } catch (error) {
    if (!isProblem(error)) throw error
    const told = error.fields['terms']
    deps.refused({ problem: error, facts: { ...facts, ...(Array.isArray(told) ? { terms: told } : {}) } })
    throw error
  }
}

/** Who asks, for the record of a request that is refused before its terms are looked at; nothing where no good statement says it. */
export async function statedFacts(deps: Pick<GrantDeps, 'readStatement'>, input: Omit<GrantRequest, 'asked' | 'request'> & { readonly request: Pick<IncomingMessage, 'method' | 'headers'> }): Promise<Facts> {
  const header = input.request.headers[statementHeader]
  if (typeof header !== 'string') return factsOf(input.transfer, undefined)
  try {
    return { ...factsOf(input.transfer, await readStatement(deps, input, header)), ...signedFacts(header) }
  } catch (error) {
    if (!isProblem(error)) throw error
    return factsOf(input.transfer, undefined)
  }
}

function factsOf(transfer: ReleasedTransfer, statement: AccessStatement | undefined): Facts {
  const { role, purpose, user, legalBasis, spatial, securityLevel, id } = statement ?? {}
  const stated = Object.entries({ role, purpose, user, legalBasis, spatial, securityLevel, statement: id }).filter(([, value]) => value !== undefined)
  return { ...transferFacts(transfer), ...Object.fromEntries(stated) }
}

async function readStatement(deps: Pick<GrantDeps, 'readStatement'>, input: Omit<GrantRequest, 'asked' | 'request'> & { readonly request: Pick<IncomingMessage, 'method' | 'headers'> }, header: string | string[]): Promise<AccessStatement> {
  if (Array.isArray(header)) throw refusedStatement('the request has several')
  const statement = await deps.readStatement(header)
  const { transfer } = input
  if (statement.issuer !== transfer.partner) throw refusedStatement('its issuer is not the partner of the transfer')
  if (statement.agreement !== transfer.agreementId) throw refusedStatement('it is for another agreement')
  if (statement.transfer !== transfer.transferId) throw refusedStatement('it is for another transfer')
  if (statement.request !== digestOf(input)) throw refusedStatement('it is for another request')
  return statement
}

function refusedStatement(why: string): ProblemError {
  return new ProblemError('statement-refused', `The statement of the request does not count: ${why}. Sign one for exactly this request.`)
}

function digestOf({ request, target }: Pick<GrantRequest, 'request' | 'target'>): string {
  const { accept, range, prefer } = request?.headers ?? {}
  return requestDigest({ method: request?.method ?? '', path: target.path, query: target.query, accept, range, prefer: Array.isArray(prefer) ? prefer.join(', ') : prefer })
}

function decideGrant(deps: GrantDeps, input: GrantRequest, known: { terms: AgreementTerms; statement: AccessStatement | undefined; facts: Facts }): Grant {
  const { transfer } = input
  const { terms, statement } = known
  const { compiled } = terms.terms
  const request = policyRequest(transfer, input.asked(terms), statement)
  const decide = (): Extract<PolicyDecision, { permitted: true }> => {
    const world = worldOf(transfer, deps.clock())
    const decision = compiled.decide(request, world)
    if (decision.permitted) return decision
    if (statement === undefined && compiled.possible(request, world).permitted) requireStatement(terms, input)
    throw notPermitted(decision).problem
  }
  const { permission } = decide()
  const report = compiled.report(request, worldOf(transfer, deps.clock())).rules[terms.terms.policy.rules.indexOf(permission)]
  const beside = terms.of(permission)
  const told = [...toldTerms([...(report?.constraints ?? []), ...(report?.refinements ?? [])]), ...beside.told]
  return {
    ...beside,
    open: false,
    agreement: transfer.agreementId ?? '',
    statement: statement === undefined ? undefined : { id: spentId(statement), expiresAt: statement.expiresAt },
    idempotency: idempotencyOf(input, statement),
    facts: { ...known.facts, rule: permission.at, terms: told },
    terms: told,
    recheck: () => {
      try {
        if (decide().permission === permission) return
        throw new ProblemError('not-permitted', 'Another permission of the agreement applies by now. Ask again.')
      } catch (error) {
        if (isProblem(error)) deps.refused({ problem: error, facts: known.facts })
        throw error
      }
    },
  }
}

function requireStatement({ terms }: AgreementTerms, { request }: GrantRequest): void {
  const needed = terms.statementOperands.map((iri) => operandOf(iri)?.row.term ?? iri)
  if (needed.length === 0) return
  if (request === undefined) throw new ProblemError('statement-required', `The agreement decides by ${needed.join(', ')}, which nobody states for a delivery. Fetch the data instead: start a transfer with HttpData-PULL.`, { fields: { needed } })
  throw new ProblemError('statement-required', `The agreement decides by ${needed.join(', ')}, which the request must state: send the header Concordat-Statement, signed by your connector. Its gateway does so, and concordat get --purpose … --role … as well.`, { fields: { needed } })
}

/** The name under which a statement is noted: its issuer's `jti` is only its own. */
function spentId({ issuer, id }: AccessStatement): string {
  return createHash('sha256').update(JSON.stringify([issuer, id])).digest('base64url')
}

// What answers now is not what answered then where a source is live: a key is for what broke off, not for asking again and again.
const mostRetries = 5
const plainKey = /^[\x21-\x7E]{1,255}$/

// What is signed counts before what is only sent.
function idempotencyOf(input: GrantRequest, statement: AccessStatement | undefined): Grant['idempotency'] {
  const header = input.request?.headers['idempotency-key']
  const key = statement?.idempotencyKey ?? (Array.isArray(header) ? header.join(',') : header)
  if (key === undefined) return undefined
  if (!plainKey.test(key)) throw new ProblemError('bad-request', 'Idempotency-Key must be 1 to 255 visible ASCII characters.')
  return { key, request: statement?.request ?? digestOf(input), retries: mostRetries }
}
