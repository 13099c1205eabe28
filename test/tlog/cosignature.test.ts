import { generateKeyPairSync, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { formatCheckpoint, parseCheckpoint } from '../../src/tlog/checkpoint.ts'
import { cosignatureTime, ed25519Cosigner, mldsaCosigner } from '../../src/tlog/cosignature.ts'
import { ed25519Signer, formatNote, openNote, parseVkey, signatureLine, vkeyOf } from '../../src/tlog/note.ts'
import { emptyRoot, leafHash } from '../../src/tlog/tree.ts'

const refused = expect.objectContaining({ code: 'invalid-evidence' })
const clock = () => new Date('2026-03-01T10:00:00.999Z')
const time = Date.parse('2026-03-01T10:00:00Z') / 1000
const root = leafHash(Buffer.from('entry'))
const origin = 'a.example/log/2026'
const text = formatCheckpoint({ origin, size: 1, root })
const ed25519 = generateKeyPairSync('ed25519')
const mldsa = generateKeyPairSync('ml-dsa-44')
const kinds = [
  { kind: 'Ed25519', type: 4, signer: ed25519Cosigner('w.example/witness', ed25519.privateKey, clock), vkey: vkeyOf('w.example/witness', 4, ed25519.publicKey), length: 72 },
  { kind: 'ML-DSA-44', type: 6, signer: mldsaCosigner('w.example/witness', mldsa.privateKey, clock), vkey: vkeyOf('w.example/witness', 6, mldsa.publicKey), length: 2428 },
] as const

describe.each(kinds)('a cosignature with $kind', ({ type, signer, vkey, length }) => {
  const verifier = parseVkey(vkey)
  const signature = signer.sign(text)

  test('verifies, and says when it was made', () => {
    expect(signature).toHaveLength(length)
    expect(verifier.type).toBe(type)
    expect(verifier.verify(text, signature)).toBe(true)
    expect(cosignatureTime(signature)).toBe(time)
    expect(verifier.keyId).toEqual(signer.keyId)
  })

  test('does not verify with anything changed', () => {
    for (let place = 0; place < length; place += type === 6 ? 97 : 1) {
      const changed = Buffer.from(signature)
      changed[place] = (changed[place] ?? 0) ^ 1
      expect(verifier.verify(text, changed)).toBe(false)
    }
    expect(verifier.verify(text, signature.subarray(1))).toBe(false)
    expect(verifier.verify(text, Buffer.concat([signature, Buffer.alloc(1)]))).toBe(false)
    expect(verifier.verify(text, Buffer.alloc(0))).toBe(false)
    for (const other of [{ origin: 'b.example/log/2026', size: 1, root }, { origin, size: 2, root }, { origin, size: 1, root: leafHash(Buffer.from('other')) }]) {
      expect(verifier.verify(formatCheckpoint(other), signature)).toBe(false)
    }
    expect(verifier.verify(`${text}more\n`, signature)).toBe(false)
    expect(verifier.verify('no checkpoint\n', signature)).toBe(false)
  })

  test('is made on checkpoints only', () => {
    expect(() => signer.sign('any text\n')).toThrow(refused)
    expect(() => signer.sign(text.slice(0, -1))).toThrow(refused)
  })
})

test('the message of Ed25519 is the one of C2SP tlog-cosignature', () => {
  const signature = kinds[0].signer.sign(text)
  expect(verify(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), ed25519.publicKey, signature.subarray(8))).toBe(true)
})

test('the message of ML-DSA-44 is the one of C2SP tlog-cosignature', () => {
  const signature = kinds[1].signer.sign(text)
  const long = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(value))
    return bytes
  }
  const message = Buffer.concat([Buffer.from('subtree/v1\n\0\x11w.example/witness'), long(time), Buffer.from(`\x12${origin}`), long(0), long(1), root])
  expect(verify(null, message, mldsa.publicKey, signature.subarray(8))).toBe(true)
})

test('a checkpoint that another implementation signed with ML-DSA-44 opens', () => {
  const vector = readFileSync(join(import.meta.dirname, 'vectors/mldsa-checkpoint.txt'), 'utf8')
  const end = vector.indexOf('\n')
  const opened = openNote(vector.slice(end + 1), [parseVkey(vector.slice(0, end))])
  expect(parseCheckpoint(opened.text)).toMatchObject({ origin: 'example.com/mldsa-log', size: 1 })
  expect(cosignatureTime(opened.lines[0]?.signature ?? Buffer.alloc(0))).toBe(0)
})

test('a signature of the log, its second one and a witness are told apart', () => {
  const note = formatNote(text, [ed25519Signer(origin, ed25519.privateKey), mldsaCosigner(origin, mldsa.privateKey, clock)]) + signatureLine(text, kinds[0].signer)
  const verifiers = [vkeyOf(origin, 1, ed25519.publicKey), vkeyOf(origin, 6, mldsa.publicKey), kinds[0].vkey].map(parseVkey)
  expect(openNote(note, verifiers).signedBy.map(({ type }) => type)).toEqual([1, 6, 4])
  // The same key does not count as another kind.
  expect(() => openNote(note, [parseVkey(vkeyOf(origin, 4, ed25519.publicKey))])).toThrow(refused)
})

test('extension lines, which ML-DSA-44 does not cover, are not taken as covered', () => {
  const { signer, vkey } = kinds[1]
  expect(() => signer.sign(`${text}more\n`)).toThrow(refused)
  expect(parseVkey(vkey).verify(`${text}more\n`, signer.sign(text))).toBe(false)
})

test('a key of another kind, or a name that is too long, is refused', () => {
  expect(() => ed25519Cosigner('w.example', mldsa.privateKey, clock)).toThrow(TypeError)
  expect(() => mldsaCosigner('w.example', ed25519.privateKey, clock)).toThrow(TypeError)
  expect(() => mldsaCosigner('w'.repeat(256), mldsa.privateKey, clock).sign(text)).toThrow(refused)
  expect(() => cosignatureTime(Buffer.alloc(7))).toThrow(refused)
  expect(() => cosignatureTime(Buffer.alloc(72, 0xff))).toThrow(refused)
})

describe('the text of a checkpoint', () => {
  const base64 = root.toString('base64')

  test('is read as it was written', () => {
    expect(parseCheckpoint(text)).toEqual({ origin, size: 1, root, extensions: [] })
    expect(parseCheckpoint(`${text}a\nb\n`).extensions).toEqual(['a', 'b'])
    expect(parseCheckpoint(formatCheckpoint({ origin, size: 0, root: emptyRoot })).size).toBe(0)
    expect(parseCheckpoint('example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n')).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
  })

  test.each([
    ['nothing', ''],
    ['no newline at the end', `${origin}\n1\n${base64}`],
    ['no origin', `\n1\n${base64}\n`],
    ['no root', `${origin}\n1\n`],
    ['a leading zero', `${origin}\n01\n${base64}\n`],
    ['a plus', `${origin}\n+1\n${base64}\n`],
    ['a negative size', `${origin}\n-1\n${base64}\n`],
    ['a size in another notation', `${origin}\n1e3\n${base64}\n`],
    ['a size that is not ASCII', `${origin}\n１\n${base64}\n`],
    ['a size above 2^53', `${origin}\n9007199254740993\n${base64}\n`],
    ['a size of twenty digits', `${origin}\n18446744073709551615\n${base64}\n`],
    ['a space after the size', `${origin}\n1 \n${base64}\n`],
    ['a short root', `${origin}\n1\n${root.subarray(1).toString('base64')}\n`],
    ['a root with stray bits', `${origin}\n1\n${base64.replace(/.=$/, 'B=')}\n`],
    ['a root in hex', `${origin}\n1\n${root.toString('hex')}\n`],
    ['the root of something for nothing', `${origin}\n0\n${base64}\n`],
    ['an empty line', `${text}\na\n`],
    ['CRLF', text.replaceAll('\n', '\r\n')],
  ])('with %s is refused', (_, malformed) => expect(() => parseCheckpoint(malformed)).toThrow(refused))

  test('is not made with what cannot be read', () => {
    for (const wrong of [{ origin: 'a b', size: 1, root }, { origin: '', size: 1, root }, { origin: 'a\nb', size: 1, root }]) expect(() => formatCheckpoint(wrong)).toThrow(TypeError)
    for (const wrong of [{ origin, size: -1, root }, { origin, size: 0.5, root }, { origin, size: 2 ** 53, root }, { origin, size: 1, root: Buffer.alloc(31) }]) expect(() => formatCheckpoint(wrong)).toThrow(RangeError)
  })
})
