import { expect, test } from 'vitest'
import { hasKeys } from '../../../src/tlog/bundle/trust.ts'
import { verifyBundle } from '../../../src/tlog/bundle/verify.ts'
import { vkeyOf } from '../../../src/tlog/note.ts'
import { bundleOf, consumer, json, jwkOf, keyOf, origin, parts, provider, sourceOf } from './test-bundle.ts'

const document = (id: string) => ({ id, verificationMethod: [{ id: `${id}#key`, publicKeyJwk: jwkOf(keyOf(id)) }] })

test('keys and documents of nobody in the bundle are told: they confirm nothing', async () => {
  const source = sourceOf(await bundleOf(parts()))
  const unused = async (trust: object) => (await verifyBundle(source, { trust })).limits.filter(({ what }) => what === 'trust-unused')
  expect(await unused({ documents: [document(consumer)], vkeys: [vkeyOf(origin, 1, keyOf(`log of ${provider}`))] })).toEqual([])
  expect(await unused({ documents: [document('did:web:else.example')], vkeys: [vkeyOf('else.example/log/2026', 1, keyOf('x'))] })).toEqual([
    { what: 'trust-unused', detail: { count: 2, first: [{ name: 'else.example/log/2026' }, { name: 'did:web:else.example' }] } },
  ])
})

test('what has no keys is no document to compare with', () => {
  expect(hasKeys(document(provider))).toBe(true)
  for (const other of [null, [], {}, { id: provider }, { id: provider, verificationMethod: [{ id: '#key' }] }]) expect(hasKeys(other)).toBe(false)
})

test('more openings beside a record than it can have are refused, not gathered', async () => {
  const given = parts()
  given.lines = (name, lines) => (name === 'openings.ndjson' ? lines.flatMap((line, at) => (at === 0 ? Array.from({ length: 3000 }, () => line) : [line])) : lines)
  const { findings } = await verifyBundle(sourceOf(await bundleOf(given)))
  expect(json(findings.find(({ what }) => what === 'records')?.detail)).toContain('more than a record can have')
})
