import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { openParticipant, testClock } from './participant.ts'
import type { Participant, TestClock } from './participant.ts'

let clock: TestClock
let us: Participant
let them: Participant
beforeEach(async () => {
  clock = testClock()
  us = await openParticipant(clock)
  them = await openParticipant(clock)
})
afterEach(async () => {
  await us.close()
  await them.close()
})

const versions = (entries: unknown[]) => ({ protocolVersions: entries })

describe('our document', () => {
  test('names keys and services, and nothing private', () => {
    const document = us.identity.document()
    const { id, port } = { id: us.identity.id, port: us.host.port }
    expect(document?.verificationMethod).toEqual([{ id: expect.stringMatching(/#[\w-]{43}$/), type: 'JsonWebKey', controller: id, publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: expect.any(String) } }])
    expect(document?.authentication).toEqual(document?.verificationMethod.map((method) => method.id))
    expect(document?.assertionMethod).toEqual(document?.authentication)
    expect(document?.service).toEqual([
      { id: `${id}#catalog`, type: 'CatalogService', serviceEndpoint: `http://localhost:${port}/dsp/2025-1/catalog` },
      { id: `${id}#dsp`, type: 'DataService', serviceEndpoint: `http://localhost:${port}/.well-known/dspace-version` },
      { id: `${id}#data`, type: 'DataPlane', serviceEndpoint: `http://localhost:${port}/data` },
    ])
    expect(JSON.stringify(document)).not.toContain('"d"')
  })

  const schema = readIfThere('../../../shared/spec/dsp-2025-1/common/did-service-schema.json')
  const context = readIfThere('../../../shared/spec/dsp-2025-1/common/context-schema.json')
  ;(schema === undefined || context === undefined ? test.skip : test)('its CatalogService has the published shape (skipped without ../shared/spec)', () => {
    const ajv = new Ajv2019({ strict: false })
    ajv.addSchema(JSON.parse(context ?? ''))
    const valid = ajv.compile(JSON.parse(schema ?? ''))
    expect(valid(us.identity.document()?.service[0])).toBe(true)
  })
})

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(join(import.meta.dirname, file), 'utf8')
  } catch {
    return undefined
  }
}

describe('where a participant is', () => {
  const root = () => `http://localhost:${them.host.port}`
  const serveVersions = (entries: unknown[]) => them.host.answers.set('/.well-known/dspace-version', versions(entries))

  test('is found through its DID document and its version document, and remembered', async () => {
    serveVersions([
      { version: '2024-1', path: '/old', binding: 'HTTPS' },
      { version: '2025-1', path: '/oauth', binding: 'HTTPS', auth: { protocol: 'OAuth', version: '2' } },
      { version: '2025-1', path: '/other', binding: 'MQTT' },
      { version: '2025-1', path: '/dsp/2025-1/', binding: 'HTTPS' },
    ])
    expect(await us.identity.address(them.identity.id)).toBe(`${root()}/dsp/2025-1`)
    await us.identity.address(them.identity.id)
    expect(them.host.requests).toEqual(['/.well-known/did.json', '/.well-known/dspace-version'])
    clock.forward(301)
    serveVersions([{ version: '2025-1', path: '/', binding: 'HTTPS' }])
    expect(await us.identity.address(them.identity.id)).toBe(root())
  })

  test.each([
    [[]], [[{ version: '2024-1', path: '/old', binding: 'HTTPS' }]], [[{ version: '2025-1', path: '@evil.example/', binding: 'HTTPS' }]], [[{ version: '2025-1', path: '//evil.example', binding: 'HTTPS' }]],
    [[{ version: '2025-1', path: '/a?b', binding: 'HTTPS' }]], [[null, 5, { version: '2025-1', binding: 'HTTPS' }]],
  ])('%j names no place', async (entries) => {
    serveVersions(entries)
    await expect(us.identity.address(them.identity.id)).rejects.toMatchObject({ code: 'peer-failed' })
  })

  test.each(['', '<html>', '[]', '{"protocolVersions":{}}', undefined])('%j is no version document', async (text) => {
    if (text !== undefined) them.host.answers.set('/.well-known/dspace-version', text)
    await expect(us.identity.address(them.identity.id)).rejects.toMatchObject({ code: 'peer-failed' })
  })

  const serveService = (service: unknown) => them.host.answers.set('/.well-known/did.json', { id: them.identity.id, service })

  test('a CatalogService alone is enough', async () => {
    serveService({ id: '#c', type: 'CatalogService', serviceEndpoint: `${root()}/api/catalog` })
    expect(await us.identity.address(them.identity.id)).toBe(`${root()}/api`)
  })

  test('without a service, and with one at a private address, there is none', async () => {
    serveService([{ id: '#x', type: 'Other', serviceEndpoint: root() }])
    await expect(us.identity.address(them.identity.id)).rejects.toMatchObject({ code: 'peer-failed' })
    for (const [type, path] of [['DataService', '.well-known/dspace-version'], ['CatalogService', 'catalog']]) {
      clock.forward(301)
      serveService([{ id: '#x', type, serviceEndpoint: `http://169.254.169.254/${path}` }])
      await expect(us.identity.address(them.identity.id)).rejects.toMatchObject({ code: 'address-refused' })
    }
  })

  test('what cannot be a participant id is a bad request', async () => {
    expect(() => us.identity.checkId('did:key:z6Mk')).toThrow(expect.objectContaining({ code: 'bad-request' }))
    expect(us.identity.checkId(them.identity.id)).toBeUndefined()
    await expect(us.identity.address('BPNL000000000001')).rejects.toMatchObject({ code: 'bad-request' })
  })
})
