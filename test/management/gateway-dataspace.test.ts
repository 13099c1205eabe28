import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { profileIri } from '../../src/policy/profile.ts'
import { commandFor } from '../helpers/command.ts'
import { startDataspace } from '../helpers/dataspace.ts'
import type { Dataspace } from '../helpers/dataspace.ts'
import { openHost, signed } from '../identity/participant.ts'
import type { Host } from '../identity/participant.ts'

/** Users of a consumer ask a provider through the gateway: two connectors, and a little issuer, on real sockets. */

const content = 'week,district,amount\n2026-W01,Gràcia,12.50\n2026-W01,Sants,7.25\n2026-W02,Gràcia,3.00\n'
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let space: Dataspace
let issuer: Host
let folder: string
let transfer: string
let concordat: ReturnType<typeof commandFor>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'concordat-gateway-'))
  issuer = await openHost()
  const url = `http://localhost:${issuer.port}`
  issuer.answers.set('/.well-known/openid-configuration', { issuer: url, jwks_uri: `${url}/keys` })
  issuer.answers.set('/keys', { keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }] })
  space = await startDataspace({ provider: { settings: { CONCORDAT_SOURCE_FOLDERS: folder } }, consumer: { settings: { CONCORDAT_OIDC_ISSUER: url, CONCORDAT_OIDC_AUDIENCE: 'urn:concordat', CONCORDAT_OIDC_ROLE_CLAIM: 'realm_access.roles' } } })
  concordat = commandFor(space.consumer)
  await writeFile(join(folder, 'spending.csv'), content)
  const { catalog } = space.provider.services
  await catalog.createDataset({ id: 'spending', metadata: { title: { en: 'Spending' } }, source: { type: 'file' }, file: { path: join(folder, 'spending.csv'), fileName: 'spending.csv', keep: 'copy' } })
  await catalog.createOffer({ id: 'open', datasets: ['spending'], policy: { permission: [{ action: 'use' }] }, decision: 'automatic', audience: null })
  const terms = [
    { leftOperand: `${profileIri}role`, operator: 'eq', rightOperand: 'analyst' },
    { leftOperand: 'http://www.w3.org/ns/odrl/2/purpose', operator: 'isA', rightOperand: { '@id': 'https://w3id.org/dpv#PublicBenefit' } },
    { leftOperand: `${profileIri}queriesPerDay`, operator: 'lteq', rightOperand: { '@value': '3', '@type': 'xsd:integer' } },
    { leftOperand: `${profileIri}minGroupSize#card`, operator: 'gteq', rightOperand: { '@value': '3', '@type': 'xsd:integer' } },
  ]
  const payments = Array.from({ length: 40 }, (_each, place) => `2026-W0${1 + (place % 2)},${place < 38 ? 'Gràcia' : 'Sants'},c${place % 11},${place}`)
  await writeFile(join(folder, 'payments.csv'), ['week,district,card,amount', ...payments, ''].join('\n'))
  const metadata = { title: { en: 'Payments' }, dimensions: ['week', 'district'], protectedUnits: [{ name: 'card', counts: 'distinct' as const, column: 'card' }] }
  await catalog.createDataset({ id: 'payments', metadata, source: { type: 'file' }, file: { path: join(folder, 'payments.csv'), fileName: 'payments.csv', keep: 'copy' } })
  await catalog.createOffer({ id: 'governed', datasets: ['payments'], policy: { profile: profileIri, permission: [{ action: 'use', constraint: terms }] }, decision: 'automatic', audience: null })
  transfer = await startTransfer('open')
})

async function startTransfer(offer: string): Promise<string> {
  const { negotiations, transfers } = space.consumer.services
  const headers = { 'authorization': `Bearer ${space.consumer.token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${space.consumer.managementUrl}/negotiations`, { method: 'POST', headers, body: JSON.stringify({ partner: space.provider.id, offer }) })
  const { id }: { id: string } = JSON.parse(await answer.text())
  await space.settle()
  const { agreementId, error } = await negotiations.get(id)
  expect([offer, error, agreementId === null]).toEqual([offer, null, false])
  const started = await transfers.request({ agreementId: agreementId ?? '', format: 'HttpData-PULL' })
  await space.settle()
  return started.id
}
afterAll(async () => {
  await space.close()
  await issuer.close()
  await rm(folder, { recursive: true, force: true })
})

const ask = (query: string, authorization: string, { of = transfer, ...headers }: Record<string, string> = {}) => fetch(`${space.consumer.managementUrl}/gateway/${encodeURIComponent(of)}${query}`, { headers: { authorization, ...headers } })

async function accessToken(roles: readonly string[]): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  return signed(key.privateKey, { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }, { iss: `http://localhost:${issuer.port}`, aud: 'urn:concordat', sub: 'joan', iat, exp: iat + 60, realm_access: { roles } })
}

test('a token of a user, made by the command, and an access token of the issuer open the gateway', async () => {
  const made = await concordat('token', 'create', 'Anna', '--role', 'analyst', '--purpose', 'dpv:ProvideOfficialStatistics')
  expect(made.code).toBe(0)
  for (const authorization of [`Bearer ${made.out.trim()}`, await accessToken(['analyst'])]) {
    const answer = await ask('?format=original', authorization)
    expect([answer.status, await answer.text()]).toEqual([200, content])
  }
  expect((await ask('', (await accessToken(['analyst'])).slice(0, -4))).status).toBe(401)
  expect((await ask('', await accessToken([]))).status).toBe(403)
  await space.settle()
  const asked = await space.consumer.services.audit.entries({ limit: 100, transfer, type: 'data.requested' })
  expect(asked).toMatchObject([{ actor: 'Anna', stated: { role: 'analyst' } }, { actor: 'oidc:joan', stated: { role: 'analyst' } }])
  const theirs = await space.provider.services.audit.entries({ limit: 1000 })
  expect(JSON.stringify(theirs)).not.toMatch(/Anna|joan/)
})

test('the command asks in a role and for a purpose, and tells why', async () => {
  const { code, out } = await concordat('get', transfer, '--role', 'planner', '--purpose', 'dpv:ScientificResearch', '--format', 'original', '--out', '-')
  expect([code, out]).toEqual([0, content])
  await space.settle()
  const [last] = (await space.consumer.services.audit.entries({ limit: 100, transfer, type: 'data.requested' })).slice(-1)
  const why = await concordat('why', String(last?.index))
  expect(why.out.replace(/ +/g, ' ')).toMatch(/Who partner did:web:.*\n in the role planner\n for the purpose "Scientific research".*\n user .*\n by operator/)
  expect(why.out).toContain(`${Buffer.byteLength(content)} bytes, SHA-256`)
})

test('terms decide each question: who, for what, how often, and of whom', async () => {
  const of = await startTransfer('governed')
  const token = async (name: string, role: string, ...more: string[]) => `Bearer ${(await concordat('token', 'create', name, '--role', role, ...more)).out.trim()}`
  const analyst = await token('Berta', 'analyst', '--purpose', 'dpv:ProvideOfficialStatistics', '--purpose', 'dpv:Marketing')
  const planner = await token('Pau', 'planner', '--purpose', 'dpv:ProvideOfficialStatistics')
  const query = '?select=district,amount.sum()&order=district'

  const first = await ask(query, analyst, { of, accept: 'application/json' })
  expect([first.status, await first.json()]).toEqual([200, [{ 'district': 'Gràcia', 'amount.sum': 703 }]])
  expect(first.headers.get('concordat-withheld')).toBe('groups=<5; reason=minGroupSize')
  const refused = async (authorization: string, headers: Record<string, string> = {}) => {
    const answer = await ask(query, authorization, { of, ...headers })
    return [answer.status, await answer.json()]
  }
  expect(await refused(planner)).toEqual([403, expect.objectContaining({ code: 'not-permitted', term: 'role', provider: 403 })])
  expect(await refused(analyst, { 'concordat-purpose': 'dpv:Marketing' })).toEqual([403, expect.objectContaining({ code: 'not-permitted', term: 'purpose' })])
  // The same question with the same key counts once, however often it is asked.
  for (let each = 0; each < 4; each++) expect((await ask(query, analyst, { of, 'idempotency-key': 'again' })).status).toBe(200)
  expect((await ask(`${query}&limit=5`, analyst, { of })).status).toBe(200)
  expect(await refused(analyst)).toEqual([429, expect.objectContaining({ code: 'quota-exceeded', term: 'queriesPerDay' })])
  await space.settle()

  const { audit } = space.consumer.services
  const [asked] = await audit.entries({ limit: 100, transfer: of, type: 'data.requested' })
  const [received] = await audit.entries({ limit: 100, transfer: of, type: 'data.received' })
  expect(received).toMatchObject({ requested: asked?.index, providerRecord: expect.any(Number) })
  const theirs = await commandFor(space.provider)('why', JSON.stringify(received?.['providerRecord']))
  expect([theirs.code, theirs.err]).toEqual([0, ''])
  const told = theirs.out.replaceAll(/ +/g, ' ')
  expect(told).toContain('in the role analyst')
  expect(told).toContain('holds: Role must be analyst; it was analyst (by the signed statement)')
  expect(told).toMatch(/Withheld .*groups?/)
  expect(told).toContain('Queries per day: 1 used')
  const denied = (await space.provider.services.audit.entries({ limit: 1000, type: 'data.denied' })).find(({ role }) => role === 'planner')
  expect((await commandFor(space.provider)('why', String(denied?.index))).out.replaceAll(/ +/g, ' ')).toMatch(/does not hold: Role must be analyst; it was planner[\s\S]*Needed Role must be analyst/)
})
