import { generateKeyPairSync } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { ed25519Signer, formatNote, openNote, parseVkey, vkeyOf } from '../../src/tlog/note.ts'
import { formatProof, parseProof } from '../../src/tlog/proof.ts'
import { consistencyProof, inclusionProof } from '../../src/tlog/tiles.ts'
import { leafHash, treeHash, verifyConsistency, verifyInclusion } from '../../src/tlog/tree.ts'
import { formatAddCheckpoint, parseAddCheckpoint } from '../../src/tlog/witness-messages.ts'
import { leavesOf, readerOf } from './memory-tiles.ts'

const refused = expect.objectContaining({ code: 'invalid-evidence' })
const key = generateKeyPairSync('ed25519')
const origin = 'a.example/log/2026'
const leaves = leavesOf(300)
const root = treeHash(leaves)
const checkpoint = formatNote(formatCheckpoint({ origin, size: 300, root }), [ed25519Signer(origin, key.privateKey)])
const hash = leafHash(Buffer.from('a')).toString('base64')

describe('a proof', () => {
  const leaf = leaves[77] ?? root

  test('is written and read, and verifies', async () => {
    const text = formatProof({ index: 77, proof: await inclusionProof(readerOf(leaves), 77, 300), checkpoint, extra: leaf })
    const read = parseProof(text)
    expect(read).toMatchObject({ index: 77, checkpoint, tree: { origin, size: 300 }, extra: leaf })
    expect(openNote(read.checkpoint, [parseVkey(vkeyOf(origin, 1, key.publicKey))]).signedBy).toHaveLength(1)
    expect(verifyInclusion({ leaf: read.extra ?? root, index: read.index, size: read.tree.size, proof: read.proof, root: read.tree.root })).toBe(true)
    expect(text.startsWith(`c2sp.org/tlog-proof@v1\nextra ${leaf.toString('base64')}\nindex 77\n`)).toBe(true)
    // Small enough for a header.
    expect(Buffer.from(text).toString('base64').length).toBeLessThan(2048)
  })

  test('without extra data and without hashes', () => {
    const one = formatNote(formatCheckpoint({ origin, size: 1, root: leaf }), [ed25519Signer(origin, key.privateKey)])
    const text = formatProof({ index: 0, proof: [], checkpoint: one })
    expect(text).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${one}`)
    expect(parseProof(text)).toMatchObject({ index: 0, proof: [], extra: undefined })
  })

  const make = (lines: readonly string[], note = checkpoint) => `${lines.join('\n')}\n\n${note}`
  const header = 'c2sp.org/tlog-proof@v1'
  test.each([
    ['nothing', ''],
    ['no checkpoint', `${header}\nindex 0\n`],
    ['another header', make(['c2sp.org/tlog-proof@v2', 'index 0'])],
    ['no index', make([header])],
    ['a leading zero', make([header, 'index 01'])],
    ['a negative index', make([header, 'index -1'])],
    ['an index above 2^53', make([header, 'index 9007199254740992'])],
    ['an index beyond the checkpoint', make([header, 'index 300'])],
    ['two spaces', make([header, 'index  1'])],
    ['extra after the index', make([header, 'index 1', 'extra AAAA'])],
    ['extra twice', make([header, 'extra AAAA', 'extra AAAA', 'index 1'])],
    ['empty extra', make([header, 'extra ', 'index 1'])],
    ['extra that is not base64', make([header, 'extra AAA', 'index 1'])],
    ['too much extra', make([header, `extra ${Buffer.alloc(70_000).toString('base64')}`, 'index 1'])],
    ['64 hashes', make([header, 'index 1', ...Array.from({ length: 64 }, () => hash)])],
    ['a short hash', make([header, 'index 1', 'AAAA'])],
    ['a hash with stray bits', make([header, 'index 1', hash.replace(/.=$/, 'B=')])],
    ['CRLF', make([header, 'index 1', hash]).replaceAll('\n', '\r\n')],
    ['a checkpoint without signature', make([header, 'index 1', hash], `${origin}\n300\n${hash}\n`)],
    ['a note that is no checkpoint', make([header, 'index 1', hash], formatNote('any text\n', [ed25519Signer(origin, key.privateKey)]))],
    ['no newline at the end', make([header, 'index 1', hash]).slice(0, -1)],
    ['too many bytes', make([header, 'index 1', hash], `${'x'.repeat(500_000)}\n\n`)],
  ])('with %s is refused', (_, text) => expect(() => parseProof(text)).toThrow(refused))

  test('with 63 hashes is read, and is not written with more', () => {
    expect(parseProof(make([header, 'index 1', ...Array.from({ length: 63 }, () => hash)])).proof).toHaveLength(63)
    expect(() => formatProof({ index: 1, proof: Array.from({ length: 64 }, () => root), checkpoint })).toThrow(RangeError)
    expect(() => formatProof({ index: -1, proof: [], checkpoint })).toThrow(RangeError)
  })
})

describe('a request to a witness', () => {
  test('is written and read, and verifies', async () => {
    const proof = await consistencyProof(readerOf(leaves), 123, 300)
    const read = parseAddCheckpoint(formatAddCheckpoint({ oldSize: 123, proof, checkpoint }))
    expect(read).toMatchObject({ oldSize: 123, proof, checkpoint, tree: { origin, size: 300 } })
    expect(verifyConsistency({ oldSize: read.oldSize, oldRoot: treeHash(leaves.slice(0, 123)), size: read.tree.size, root: read.tree.root, proof: read.proof })).toBe(true)
    expect(parseAddCheckpoint(`old 0\n\n${checkpoint}`)).toMatchObject({ oldSize: 0, proof: [] })
    // C2SP tlog-witness: whether the old size is above the new one is for the witness to answer.
    expect(parseAddCheckpoint(`old 301\n\n${checkpoint}`).oldSize).toBe(301)
  })

  test.each([
    ['nothing', ''],
    ['no checkpoint', 'old 0\n'],
    ['nothing after the empty line', 'old 0\n\n'],
    ['no old size', `\n\n${checkpoint}`],
    ['a leading zero', `old 00\n\n${checkpoint}`],
    ['a negative size', `old -1\n\n${checkpoint}`],
    ['a size above 2^53', `old 9007199254740992\n\n${checkpoint}`],
    ['another word', `size 0\n\n${checkpoint}`],
    ['a space at the end', `old 0 \n\n${checkpoint}`],
    ['64 hashes', `old 1\n${`${hash}\n`.repeat(64)}\n${checkpoint}`],
    ['a short hash', `old 1\nAAAA\n\n${checkpoint}`],
    ['CRLF', `old 1\r\n${hash}\r\n\r\n${checkpoint}`],
    ['two empty lines', `old 1\n${hash}\n\n\n${checkpoint}`],
    ['a checkpoint without signature', `old 0\n\n${origin}\n300\n${hash}\n`],
    ['too many bytes', `old 0\n\n${'x'.repeat(500_000)}\n\n`],
  ])('with %s is refused', (_, text) => expect(() => parseAddCheckpoint(text)).toThrow(refused))

  test('is not written with more than 63 hashes', () => {
    expect(() => formatAddCheckpoint({ oldSize: 1, proof: Array.from({ length: 64 }, () => root), checkpoint })).toThrow(RangeError)
    expect(() => formatAddCheckpoint({ oldSize: 0.5, proof: [], checkpoint })).toThrow(RangeError)
  })
})
