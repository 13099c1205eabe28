import { isProblem } from '../errors.ts'
import { dspContext } from '../policy/dsp-context.ts'

/** Which part of the protocol a request belongs to; each has an error body of its own. */
export type Part = 'catalog' | 'negotiation' | 'transfer'

const types = { catalog: 'CatalogError', negotiation: 'ContractNegotiationError', transfer: 'TransferError' } as const

/** An error body of DSP 2025-1. */
export interface DspError {
  readonly '@context': typeof dspContext
  readonly '@type': (typeof types)[Part]
  readonly providerPid?: string
  readonly consumerPid?: string
  readonly code: string
  readonly reason: readonly string[]
}

/** The process ids a sender named, as far as it did. */
export interface NamedPids {
  readonly providerPid?: string
  readonly consumerPid?: string
}

// Both ids are mandatory in the error schemas, also where no process exists (contract-negotiation-error-schema.json).
const nobody = 'urn:uuid:00000000-0000-0000-0000-000000000000'

// What must not tell whether a process exists names only what the sender named.
const hidden = new Set(['not-found', 'unauthenticated'])

/**
 * The answer to a refused request. Refusals of ours keep their status and code; everything else is a 500 that says nothing
 * about its cause.
 */
export function dspError(error: unknown, part: Part, named: NamedPids): { status: number; body: DspError } {
  const problem = isProblem(error) ? error : undefined
  const code = problem?.code ?? 'internal'
  const pids = hidden.has(code) || problem === undefined ? named : { ...named, ...pidsIn(problem.fields) }
  return {
    status: problem?.status ?? 500,
    body: {
      '@context': dspContext,
      '@type': types[part],
      ...(part === 'catalog' ? {} : { providerPid: pids.providerPid ?? nobody, consumerPid: pids.consumerPid ?? nobody }),
      code,
      reason: [problem?.message ?? 'Something went wrong here. Try again later.'],
    },
  }
}

/** The process ids in a JSON object, where they are text. */
export function pidsIn(value: unknown): NamedPids {
  if (typeof value !== 'object' || value === null) return {}
  return {
    ...('providerPid' in value && typeof value.providerPid === 'string' ? { providerPid: value.providerPid } : {}),
    ...('consumerPid' in value && typeof value.consumerPid === 'string' ? { consumerPid: value.consumerPid } : {}),
  }
}
