import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
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
  const { negotiations, transfers } = space.consumer.services
  const { id } = await negotiations.request({ partner: space.provider.id, offer: { '@id': 'open', '@type': 'Offer', target: 'spending', permission: [{ action: 'use' }] } })
  await space.settle()
  transfer = (await transfers.request({ agreementId: (await negotiations.get(id)).agreementId ?? '', format: 'HttpData-PULL' })).id
  await space.settle()
})
afterAll(async () => {
  await space.close()
  await issuer.close()
  await rm(folder, { recursive: true, force: true })
})

const ask = (query: string, authorization: string, headers: Record<string, string> = {}) => fetch(`${space.consumer.managementUrl}/gateway/${encodeURIComponent(transfer)}${query}`, { headers: { authorization, ...headers } })

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
