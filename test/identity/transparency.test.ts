import { expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { ownDocument, readDocument } from '../../src/identity/did-document.ts'
import { didOf, rootOf } from '../../src/identity/did-web.ts'
import type { Key } from '../../src/identity/keys.ts'
import { thumbprintOf } from '../../src/identity/keys.ts'

const did = 'did:web:data.city.example'
const newX = () => String(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x)

function identityKey(): Key {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const x = String(publicKey.export({ format: 'jwk' }).x)
  return { thumbprint: thumbprintOf(x), publicJwk: { kty: 'OKP', crv: 'Ed25519', x }, signing: privateKey }
}

test('our document names the keys of log and witness, and where both are, apart from what tokens are signed with', () => {
  const [log, witness] = [newX(), newX()]
  const key = identityKey()
  const document = ownDocument(did, 'https://data.city.example', [key], { log: [log], witness: [witness] })
  expect(document.authentication).toEqual([`${did}#${key.thumbprint}`])
  expect(document.assertionMethod).toEqual([`${did}#${key.thumbprint}`])
  expect(document.verificationMethod.map(({ id }) => id)).toContain(`${did}#log-${thumbprintOf(log).slice(0, 8)}`)
  const read = readDocument(did, structuredClone(document))
  expect([...(read?.keys.values() ?? [])]).toEqual([key.publicJwk])
  expect(read?.logKeys.map(({ x }) => x)).toEqual([log])
  expect(read?.witnessKeys.map(({ x }) => x)).toEqual([witness])
  expect(read?.services).toContainEqual({ id: `${did}#witness`, type: 'TlogWitness', serviceEndpoint: 'https://data.city.example/witness' })
  expect(read?.services).toContainEqual({ id: `${did}#log`, type: 'TransparencyLog', serviceEndpoint: 'https://data.city.example/log' })
})

test('a document without a log names neither', () => {
  const document = ownDocument(did, 'https://data.city.example', [identityKey()])
  expect(document.verificationMethod).toHaveLength(1)
  expect(document.service.map(({ type }) => type)).toEqual(['CatalogService', 'DataService', 'DataPlane'])
})

test.each(['#log-abcdefgh', '#witness-abcdefgh', `${did}#log-abcdefgh`])('a key %s never counts for tokens, wherever the document lists it', (id) => {
  const method = { id, type: 'JsonWebKey', controller: did, publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: newX() } }
  for (const listed of [id, method]) {
    const read = readDocument(did, { id: did, verificationMethod: [method], authentication: [listed], assertionMethod: [listed] })
    expect(read?.keys.size).toBe(0)
    expect((read?.logKeys.length ?? 0) + (read?.witnessKeys.length ?? 0)).toBe(1)
  }
})

test('a key that somebody else controls is none of this log', () => {
  const method = { id: `${did}#log-abcdefgh`, type: 'JsonWebKey', controller: 'did:web:other.example', publicKeyJwk: { kty: 'OKP', crv: 'Ed25519', x: newX() } }
  expect(readDocument(did, { id: did, verificationMethod: [method] })?.logKeys).toEqual([])
})

test.each(['https://data.city.example', 'http://localhost:8080', 'https://data.city.example/connectors/north'])('names of logs and witness begin with the public address: %s', (url) => {
  expect(rootOf(didOf(url))).toBe(url.replace(/^https?:\/\//, ''))
})
