import { isProblem, ProblemError } from '../../errors.ts'
import { requireBounded } from './bounded.ts'
import { quoted } from './literals.ts'
import type { Policy } from '../model.ts'
import { odrlIri } from '../profile.ts'
import { readPolicyNode } from './read.ts'
import { createReading, nodesOf } from './reading.ts'

/**
 * Reads the policy of a JSON-LD document, whatever its contexts call things ('invalid-policy', 'unsupported-policy'). Nothing is
 * fetched: contexts are those of ODRL and DSP, which are bundled, and those written out. A term that no context explains is refused,
 * where JSON-LD would drop it.
 */
export async function readJsonLd(document: unknown): Promise<Policy> {
  requireBounded(document)
  if (typeof document !== 'object' || document === null) throw new ProblemError('invalid-policy', 'The policy must be a JSON object.')
  const expanded = await expand(document)
  requireBounded(expanded)
  nodesOf(expanded)
  return readPolicyNode(createReading(expanded, ''), policyOf(expanded))
}

// Loaded when it is needed: most policies have no context of their own.
async function expand(document: object): Promise<readonly unknown[]> {
  const { default: jsonld } = await import('jsonld')
  try {
    return await jsonld.expand(document, { documentLoader: bundled, safe: true })
  } catch (error) {
    if (isProblem(error)) throw error
    // The package trips over some documents that it does not expect, such as terms named like methods of objects.
    if (!isJsonLdError(error)) throw new ProblemError('invalid-policy', 'The policy cannot be read as JSON-LD: its @context has something in it that JSON-LD does not allow. Write names as full IRIs, and leave the @context out.', { cause: error })
    const cause = causeOf(error)
    if (cause !== undefined) throw cause
    throw new ProblemError('invalid-policy', `The policy cannot be read as JSON-LD: ${error.message.slice(0, 300)}${detailsOf(error)}. Write names as full IRIs, or explain them in its @context.`)
  }
}

async function bundled(url: string): Promise<{ contextUrl: undefined; documentUrl: string; document: unknown }> {
  const document = await contextOf(url)
  if (document === undefined) throw new ProblemError('unsupported-policy', `The context ${quoted(url)} is not bundled, and nothing is fetched. Write the context out, or names as full IRIs.`)
  return { contextUrl: undefined, documentUrl: url, document }
}

async function contextOf(url: string): Promise<unknown> {
  switch (url) {
    case 'http://www.w3.org/ns/odrl.jsonld':
    case 'https://www.w3.org/ns/odrl.jsonld':
    case 'http://www.w3.org/ns/odrl/2/':
      return (await import('./contexts/odrl-terms.ts')).odrlContext
    case 'https://w3id.org/dspace/2025/1/context.jsonld':
    case 'https://w3id.org/dspace/2025/1/odrl-profile.jsonld':
      return (await import('./contexts/dsp-terms.ts')).dspPolicyContext
    default:
      return undefined
  }
}

function isJsonLdError(error: unknown): error is Error {
  return Error.isError(error) && (error.name === 'JsonLdError' || error.name.startsWith('jsonld.'))
}

function detailsOf(error: Error): string {
  if (!('details' in error) || typeof error.details !== 'object' || error.details === null || !('event' in error.details)) return ''
  const { event } = error.details
  return typeof event === 'object' && event !== null && 'message' in event ? ` (${String(event.message).slice(0, 200)}: ${JSON.stringify('details' in event ? event.details : '').slice(0, 200)})` : ''
}

/** A refusal of ours that the package has wrapped. */
function causeOf(error: Error): ProblemError | undefined {
  let inner: unknown = error
  for (let level = 0; level < 5; level++) {
    if (isProblem(inner)) return inner
    if (!Error.isError(inner)) return undefined
    inner = 'details' in inner && typeof inner.details === 'object' && inner.details !== null && 'cause' in inner.details ? inner.details.cause : inner.cause
  }
  return undefined
}

const ruleTerms = ['permission', 'prohibition', 'obligation', 'inheritFrom'].map((term) => odrlIri + term)

function policyOf(expanded: readonly unknown[]): unknown {
  const policies = expanded.filter((node) => typeof node === 'object' && node !== null && ruleTerms.some((term) => term in node))
  if (policies.length === 1) return policies[0]
  throw new ProblemError('invalid-policy', policies.length === 0 ? 'There is no policy in the document: nothing has a permission, prohibition or obligation that its context explains.' : `There are ${policies.length} policies in the document. Give one at a time.`)
}
