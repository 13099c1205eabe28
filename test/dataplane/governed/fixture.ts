import { createHash, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ReleasedDataset, ReleasedTransfer } from '../../../src/dataplane/release.ts'
import type { Column, FileVersion } from '../../../src/dataplane/sources/source.ts'
import type { StatementInput } from '../../../src/identity/statement.ts'
import { requestDigest } from '../../../src/identity/statement.ts'
import type { Database } from '../../../src/persistence/database.ts'
import type { JsonValue, OdrlAgreement, PolicyTerms } from '../../../src/policy/odrl.ts'
import { dpvIri, odrlIri, profileIri, xsdIri } from '../../../src/policy/profile.ts'
import { openTestDatabase } from '../../helpers/database.ts'
import type { TestDataPlane } from '../../helpers/data-plane.ts'
import { openTestDataPlane } from '../../helpers/data-plane.ts'
import type { Participant, TestClock } from '../../identity/participant.ts'
import { openParticipant, testClock } from '../../identity/participant.ts'

/** A provider's data plane and a consumer who signs statements for it with a key of its own. */
export interface Governed {
  readonly database: Database
  readonly at: TestDataPlane
  readonly clock: TestClock
  readonly consumer: Participant
  readonly stranger: Participant
  close(): Promise<void>
}

export interface Access {
  readonly transferId: string
  readonly token: string
  readonly url: string
  readonly agreement: string
}

/** Tuesday, in the middle of the day. */
export const start = Date.parse('2026-03-10T11:00:00Z')

export async function openGoverned(): Promise<Governed> {
  const clock = testClock(start)
  const database = await openTestDatabase()
  const [provider, consumer, stranger] = await Promise.all([openParticipant(clock), openParticipant(clock), openParticipant(clock)])
  const at = await openTestDataPlane({ database, clock, tokenMs: 48 * 3_600_000, readStatement: (jws) => provider.identity.readStatement(jws) })
  audiences.set(at, provider.identity.id)
  return {
    database,
    at,
    clock,
    consumer,
    stranger,
    async close() {
      await at.close()
      await database.close()
      await Promise.all([provider.close(), consumer.close(), stranger.close()])
    },
  }
}

// Whom statements are for.
const audiences = new WeakMap<TestDataPlane, string>()

/** A constraint on an operand of ODRL, or of our profile. */
export function constraint(operand: string, operator: string, right: JsonValue, unit?: string): JsonValue {
  const terms = new Set(['dateTime', 'elapsedTime', 'recipient', 'purpose', 'fileFormat', 'spatial', 'count'])
  return { leftOperand: (terms.has(operand) ? odrlIri : profileIri) + operand, operator, rightOperand: right, ...(unit === undefined ? {} : { unit }) }
}

export const integer = (value: number): JsonValue => ({ '@value': String(value), '@type': `${xsdIri}integer` })
export const purpose = (name: string): string => dpvIri + name

export function permission(action: string, ...constraints: readonly JsonValue[]): PolicyTerms {
  return { profile: profileIri, permission: [{ action, constraint: constraints }] }
}

/** A started transfer of a dataset under an agreement with these terms. */
export async function started({ at, consumer }: Governed, dataset: string, terms: PolicyTerms, change: Partial<ReleasedTransfer> = {}): Promise<Access> {
  const agreementId = `urn:uuid:${randomUUID()}`
  const agreement: OdrlAgreement = { ...terms, '@id': agreementId, '@type': 'Agreement', 'target': dataset, 'assigner': 'did:web:provider.example', 'assignee': consumer.identity.id, 'timestamp': '2026-01-01T00:00:00Z' }
  return { ...(await at.start(dataset, { partner: consumer.identity.id, agreementId, agreement, ...change })), agreement: agreementId }
}

export interface Asking {
  readonly query?: string
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What is stated; without it no statement goes with the request. */
  readonly says?: Partial<StatementInput>
  readonly signer?: Participant
}

/** Signs a statement for a request, and gives the header for it. */
export async function stated(governed: Governed, access: Access, asking: Asking): Promise<Record<string, string>> {
  const { query = '', path = '', method = 'GET', headers = {}, says, signer = governed.consumer } = asking
  if (says === undefined) return {}
  const request = requestDigest({ method, path, query, accept: headers['accept'] ?? '*/*', range: headers['range'], prefer: headers['prefer'] })
  const jws = await signer.identity.signStatement({ audience: audiences.get(governed.at) ?? '', agreement: access.agreement, transfer: access.transferId, request, ...says })
  return { 'concordat-statement': jws }
}

export async function ask(governed: Governed, access: Access, asking: Asking = {}): Promise<Response> {
  const { query = '', path = '', method = 'GET', headers = {} } = asking
  return fetch(access.url + path + query, { method, headers: { 'authorization': `Bearer ${access.token}`, 'accept': '*/*', ...headers, ...(await stated(governed, access, asking)) } })
}

/** A refusal as it is told: its status and code, and the term that refused. */
export async function refusal(response: Response): Promise<readonly unknown[]> {
  const body: unknown = await response.json()
  const { code, term } = Object(body)
  return [response.status, code, ...(term === undefined ? [] : [term])]
}

const columns: Column[] = [
  { name: 'week', type: 'string', nullable: false },
  { name: 'district', type: 'string', nullable: false },
  { name: 'sector', type: 'string', nullable: false },
  { name: 'amount', type: 'number', nullable: false },
  { name: 'cards', type: 'integer', nullable: false },
]

/** What cards spent, by week, district and sector: four rows for each of three districts, and a sector in Gràcia with two cards only. */
export const rows = [
  ...['Gràcia', 'Sants', 'Les Corts'].flatMap((district, place) => ['W10', 'W11'].flatMap((week) => ['food', 'books'].map((sector) => [`2026-${week}`, district, sector, (place + 1) * 100.5, 40 + place] as const))),
  ['2026-W11', 'Gràcia', 'jewels', 98_765.5, 2] as const,
]

export async function spending({ at }: Governed, change: Partial<ReleasedDataset> = {}): Promise<string> {
  const dataset = `urn:uuid:${randomUUID()}`
  const path = join(at.folder, `${randomUUID()}.csv`)
  const content = Buffer.from(['week,district,sector,amount,cards', ...rows.map((row) => row.join(','))].join('\n') + '\n')
  await writeFile(path, content)
  const version: FileVersion = { number: 1, path, fileName: 'spending.csv', mediaType: 'text/csv', bytes: content.length, sha256: createHash('sha256').update(content).digest('hex'), createdAt: new Date(Date.now() + 1000) }
  const facts = { kind: 'file' as const, columns, dimensions: ['week', 'district', 'sector'], protectedUnits: [{ name: 'card', column: 'cards', counts: 'sum' as const }] }
  at.datasets.set(dataset, { source: { type: 'file' }, columns, title: 'Spending', facts, version, ...change })
  return dataset
}
