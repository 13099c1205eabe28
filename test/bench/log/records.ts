import { createHash, hash } from 'node:crypto'
import type { AuditRecord } from '../../../src/audit/audit.ts'
import { dpvIri, odrlIri, profileIri } from '../../../src/policy/profile.ts'

export const provider = 'did:web:data.city.example'
export const agreementOf = (place: number) => `urn:uuid:00000000-0000-4000-8000-${String(place).padStart(12, '0')}`
export const partnerOf = (place: number) => `did:web:partner-${place % 10}.example`

const word = (what: string, place: number) => createHash('sha256').update(`${what} ${place}`)
const uuid = (what: string, place: number) => {
  const hex = word(what, place).digest('hex')
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
const term = (leftOperand: string, operator: string, [wanted, value]: readonly [string, string], source: string) => ({ leftOperand, operator, wanted, value, source, held: true })

/** What is recorded of a query under terms: one of 20 agreements, with the statement that came with it. */
export function permitted(place: number): AuditRecord {
  const group = place % 20
  // As long as a statement is, and no two alike.
  const signed = ['header', 'payload', 'signature'].map((part) => Array.from({ length: part === 'payload' ? 10 : 2 }, (_none, at) => word(`${part} ${at}`, place).digest('base64url')).join('')).join('.')
  const terms = [
    term(`${odrlIri}purpose`, 'isA', [`${dpvIri}ResearchAndDevelopment`, `${dpvIri}AcademicResearch`], 'statement'),
    term(`${profileIri}role`, 'isAnyOf', ['analyst', 'analyst'], 'statement'),
    term(`${profileIri}hourOfDay`, 'gteq', ['0', String(place % 24)], 'clock'),
    term(`${profileIri}queriesPerDay`, 'lteq', ['1000', String(place % 1000)], 'counter'),
  ]
  return {
    type: 'data.permitted',
    agreement: agreementOf(group),
    transfer: uuid('transfer', group),
    partner: partnerOf(group),
    dataset: uuid('dataset', group % 5),
    version: 1,
    role: 'analyst',
    purpose: `${dpvIri}AcademicResearch`,
    user: word('user', place % 50).digest('base64url'),
    request: { method: 'GET', path: '', query: `?select=district,amount.sum()&week=eq.2026-W${10 + (place % 40)}`, accept: 'text/csv' },
    decision: 'permit',
    rule: '/permission/0',
    terms,
    policySha256: hash('sha256', `policy ${group}`),
    statement: uuid('statement', place),
    signed,
    signedSha256: hash('sha256', signed),
    quota: { queriesPerDay: place % 1000 },
  }
}

/** How it ended. */
export function released(place: number, permission: number): AuditRecord {
  const { request: _request, decision: _decision, terms: _terms, statement: _statement, signed: _signed, signedSha256: _digest, policySha256: _policy, ...about } = permitted(place)
  return { ...about, type: 'data.released', permitted: permission, bytes: 100 + (place % 5000), rows: place % 40, sha256: word('answer', place).digest('hex') }
}
