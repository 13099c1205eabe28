import type { Policy } from '../../../src/policy/model.ts'
import { profileIri } from '../../../src/policy/profile.ts'
import { readPolicy } from '../../../src/policy/read/read.ts'
import type { DatasetFacts } from '../../../src/policy/restriction.ts'

/** A constraint as DSP carries it; `concordat:` and `odrl:` prefixes, and numbers as typed values. */
export function constraint(leftOperand: string, operator: string, rightOperand: unknown, unit?: string): object {
  return { leftOperand: leftOperand.includes(':') ? leftOperand : `concordat:${leftOperand}`, operator, rightOperand: Array.isArray(rightOperand) ? rightOperand.map(typed) : typed(rightOperand), ...(unit === undefined ? {} : { 'odrl:unit': unit }) }
}

function typed(value: unknown): unknown {
  if (typeof value === 'number') return { '@value': String(value), '@type': Number.isInteger(value) ? 'xsd:integer' : 'xsd:decimal' }
  return value
}

export const day = (text: string) => ({ '@value': text, '@type': 'xsd:date' })
export const time = (text: string) => ({ '@value': text, '@type': 'xsd:dateTime' })
export const period = (text: string) => ({ '@value': text, '@type': 'xsd:duration' })
export const iri = (text: string) => ({ '@id': text })

/** A policy with these parts. */
export function policyOf(parts: { readonly permission?: readonly object[]; readonly prohibition?: readonly object[]; readonly obligation?: readonly object[]; readonly conflict?: string; readonly [key: string]: unknown }): Policy {
  return readPolicy({ '@type': 'Offer', '@id': 'urn:uuid:1', profile: profileIri, conflict: 'odrl:prohibit', ...parts })
}

/** A policy with one permission. */
export function permitting(constraints: readonly object[], action = 'odrl:use'): Policy {
  return policyOf({ permission: [{ action, constraint: constraints }] })
}

/** Weekly card spending. */
export const spending: DatasetFacts = {
  kind: 'file',
  columns: [
    { name: 'week', type: 'date' },
    { name: 'district', type: 'string' },
    { name: 'sector', type: 'string' },
    { name: 'street', type: 'string' },
    { name: 'longitude', type: 'number' },
    { name: 'amount', type: 'number' },
    { name: 'cards', type: 'integer' },
    { name: 'merchant_id', type: 'string' },
    { name: 'online', type: 'boolean' },
  ],
  dimensions: ['week', 'district', 'sector', 'online'],
  protectedUnits: [
    { name: 'card', column: 'cards', counts: 'sum' },
    { name: 'merchant', column: 'merchant_id', counts: 'distinct' },
  ],
}

export const api: DatasetFacts = { kind: 'http', columns: [], dimensions: [], protectedUnits: [] }
