import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { ed25519Cosigner, mldsaCosigner } from '../../src/tlog/cosignature.ts'
import { createEdge } from '../../src/tlog/edge.ts'
import { ed25519Signer, formatNote, signatureLine, vkeyOf } from '../../src/tlog/note.ts'
import { encodeEntries, entriesPath, tilePath, widthAt } from '../../src/tlog/tiles.ts'
import { leafHash } from '../../src/tlog/tree.ts'
import { buildIndependentVerifier, missingForGo } from '../helpers/independent-verifier.ts'
import type { Verdict } from '../helpers/independent-verifier.ts'
import { createRandom } from '../helpers/random.ts'

const missing = missingForGo()
const folder = mkdtempSync(join(tmpdir(), 'concordat-independent-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const origin = 'data.city.example/log/2026'
const key = generateKeyPairSync('ed25519')
const witnessKey = generateKeyPairSync('ed25519')
const mldsaKey = generateKeyPairSync('ml-dsa-44')
const clock = () => new Date('2026-03-01T10:00:00Z')
const witness = { signer: ed25519Cosigner('partner.example/witness', witnessKey.privateKey, clock), vkey: vkeyOf('partner.example/witness', 4, witnessKey.publicKey) }
const logSigner = ed25519Signer(origin, key.privateKey)

const entryAt = (index: number) => Buffer.from(JSON.stringify({ index, time: '2026-03-01T10:00:00.000Z', type: 'data.permitted' }))

/** Writes the log of `size` entries as C2SP tlog-tiles lays it out. */
function writeLog(directory: string, size: number): string {
  const write = (path: string, content: Uint8Array | string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), content)
  }
  const edge = createEdge(0, () => Buffer.alloc(0))
  const entries = Array.from({ length: size }, (_, index) => entryAt(index))
  for (const entry of entries) edge.append(leafHash(entry))
  for (let level = 0; 256 ** level <= size; level += 1) {
    for (let index = 0; widthAt(level, index, size) > 0; index += 1) {
      const width = widthAt(level, index, size)
      write(tilePath({ level, index, width }), edge.tile(level, index, width) ?? '')
      if (level === 0) write(entriesPath(index, width), encodeEntries(entries.slice(index * 256, index * 256 + width)))
    }
  }
  write('vkey', `${vkeyOf(origin, 1, key.publicKey)}\n`)
  write('checkpoint', formatNote(formatCheckpoint({ origin, size, root: edge.root() }), [logSigner, witness.signer]))
  return directory
}

/** The checkpoint alone of the log of `size` entries. */
function writeCheckpoint(size: number): string {
  const edge = createEdge(0, () => Buffer.alloc(0))
  for (let index = 0; index < size; index += 1) edge.append(leafHash(entryAt(index)))
  const file = join(folder, `checkpoint-${size}`)
  writeFileSync(file, formatNote(formatCheckpoint({ origin, size, root: edge.root() }), [logSigner]))
  return file
}

/** A copy in which `change` did something. */
function changed(directory: string, change: (copy: string) => void): string {
  const copy = join(folder, 'changed')
  rmSync(copy, { recursive: true, force: true })
  cpSync(directory, copy, { recursive: true })
  change(copy)
  return copy
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(directory, name)).isFile()).toSorted()
}

test('the independent verifier can be built where the whole of the tests is run', () => {
  if (missing === undefined) return
  const isCi = process.env['CI'] === 'true'
  if (!isCi) process.stderr.write(`\nThe independent verifier is left out: ${missing}.\n`)
  expect(isCi ? missing : undefined).toBeUndefined()
})

const describeWithGo = missing === undefined ? describe : describe.skip

describeWithGo('a log in files', () => {
  let run: (...args: readonly string[]) => Verdict
  let small: string
  beforeAll(() => {
    run = buildIndependentVerifier(folder)
    small = writeLog(join(folder, 'small'), 700)
  }, 120_000)

  test('is verified with its witness', () => {
    const { status, proven, wrong } = run('verify-log', small, '--witness', witness.vkey)
    expect(wrong).toBe('')
    expect(proven).toContain(`The log ${origin} has signed the tree of 700 entries`)
    expect(proven).toContain('- partner.example/witness has cosigned it at 2026-03-01T10:00:00Z.')
    expect(proven).toContain('All 700 entries are the ones in this tree')
    expect(status).toBe(0)
  })

  test.each([1, 255, 256, 257])('of %i entries is verified', (size) => {
    expect(run('verify-log', writeLog(join(folder, `of-${size}`), size))).toMatchObject({ status: 0, wrong: '' })
  })

  test('of no entries is verified', () => {
    expect(run('verify-log', writeLog(join(folder, 'empty'), 0))).toMatchObject({ status: 0, wrong: '' })
  })

  test('of 70,000 entries is verified, and goes on where older ones ended', () => {
    const large = writeLog(join(folder, 'large'), 70_000)
    const older = [300, 65_536, 69_999].map(writeCheckpoint)
    const { status, proven, wrong } = run('verify-log', large, ...older.flatMap((file) => ['--older', file]))
    expect(wrong).toBe('')
    expect(status).toBe(0)
    expect(proven).toContain('The 65536 entries of')
    expect(readdirSync(join(large, 'tile')).toSorted()).toEqual(['0', '1', '2', 'entries'])
  })

  test('that is shorter than it was, or another one, is found', () => {
    const later = writeCheckpoint(701)
    expect(run('verify-log', small, '--older', later)).toMatchObject({ status: 1, wrong: expect.stringContaining('more than the log has now') })
    const edge = createEdge(0, () => Buffer.alloc(0))
    for (let index = 0; index < 300; index += 1) edge.append(leafHash(Buffer.from(`another ${index}`)))
    const other = join(folder, 'other-checkpoint')
    writeFileSync(other, formatNote(formatCheckpoint({ origin, size: 300, root: edge.root() }), [logSigner]))
    expect(run('verify-log', small, '--older', other)).toMatchObject({ status: 1, wrong: expect.stringContaining('is not the one that was signed') })
  })

  test('with a bit flipped anywhere is refused', () => {
    const random = createRandom(20_260_301)
    const files = filesIn(small)
    for (let round = 0; round < 60; round += 1) {
      // Files that are small, but must be right, come up as often as large ones.
      const name = random.pick(files)
      const content = readFileSync(join(small, name))
      const flipped = Buffer.from(content)
      const bit = random.between(0, content.length * 8 - 1)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(join(small, name), flipped)
      const { status, wrong } = run('verify-log', small, '--witness', witness.vkey)
      writeFileSync(join(small, name), content)
      expect({ name, bit, status, wrong }).toEqual({ name, bit, status: 1, wrong: expect.stringContaining('NOT PROVEN: ') })
    }
  })

  test.each<[string, (directory: string) => void]>([
    ['a missing tile', (directory) => rmSync(join(directory, 'tile/0/001'))],
    ['a missing bundle of entries', (directory) => rmSync(join(directory, 'tile/entries/002.p/188'))],
    ['a tile too many', (directory) => cpSync(join(directory, 'tile/0/001'), join(directory, 'tile/0/003'))],
    ['an earlier part of a tile that is not how it began', (directory) => writeFileSync(join(directory, 'tile/0/002.p/100'), Buffer.alloc(3200))],
    ['an earlier part of a tile of another width', (directory) => cpSync(join(directory, 'tile/0/002.p/188'), join(directory, 'tile/0/002.p/187'))],
    ['an earlier part of entries that ends within one', (directory) => writeFileSync(join(directory, 'tile/entries/002.p/3'), readFileSync(join(directory, 'tile/entries/002.p/188')).subarray(0, 5))],
    ['two tiles in each other\'s place', (directory) => {
      renameSync(join(directory, 'tile/entries/000'), join(directory, 'kept'))
      renameSync(join(directory, 'tile/entries/001'), join(directory, 'tile/entries/000'))
      renameSync(join(directory, 'kept'), join(directory, 'tile/entries/001'))
    }],
    ['a wrong tile above', (directory) => writeFileSync(join(directory, 'tile/1/000.p/2'), Buffer.alloc(64))],
    ['an entry changed with its leaf', (directory) => {
      const entries = Array.from({ length: 256 }, (_, index) => (index === 7 ? Buffer.from('{}') : entryAt(index)))
      writeFileSync(join(directory, 'tile/entries/000'), encodeEntries(entries))
      writeFileSync(join(directory, 'tile/0/000'), Buffer.concat(entries.map(leafHash)))
    }],
    ['a checkpoint signed with another key', (directory) => {
      const text = readFileSync(join(directory, 'checkpoint'), 'utf8').split('\n\n')[0] ?? ''
      writeFileSync(join(directory, 'checkpoint'), formatNote(`${text}\n`, [ed25519Signer(origin, witnessKey.privateKey), witness.signer]))
    }],
    ['a checkpoint of another log', (directory) => writeFileSync(join(directory, 'checkpoint'), formatNote(formatCheckpoint({ origin: 'other.example/log/2026', size: 700, root: Buffer.alloc(32) }), [logSigner, witness.signer]))],
    ['a missing witness', (directory) => writeFileSync(join(directory, 'checkpoint'), readFileSync(join(directory, 'checkpoint'), 'utf8').replace(/— partner.*\n/, ''))],
    ['a wrong signature of the witness beside a right one', (directory) => writeFileSync(join(directory, 'checkpoint'), readFileSync(join(directory, 'checkpoint'), 'utf8').replace(/(— partner.*)(.{8}\n)/, '$1AAAAAAA=\n$1$2'))],
  ])('with %s is refused', (_, change) => {
    expect(run('verify-log', changed(small, change), '--witness', witness.vkey)).toMatchObject({ status: 1, wrong: expect.stringContaining('NOT PROVEN: ') })
  })

  test('parts of tiles that have grown since may lie beside them (C2SP tlog-tiles)', () => {
    const copy = changed(small, (directory) => {
      writeFileSync(join(directory, 'tile/0/002.p/100'), readFileSync(join(directory, 'tile/0/002.p/188')).subarray(0, 3200))
      const entries = Array.from({ length: 7 }, (_, index) => entryAt(256 + index))
      mkdirSync(join(directory, 'tile/entries/001.p'))
      writeFileSync(join(directory, 'tile/entries/001.p/7'), encodeEntries(entries))
    })
    expect(run('verify-log', copy)).toMatchObject({ status: 0, wrong: '' })
  })

  test('lines of extension, and signatures of unknown keys, which may be there twice, change nothing (C2SP tlog-checkpoint, signed-note)', () => {
    const copy = changed(small, (directory) => {
      const [first = ''] = readFileSync(join(directory, 'checkpoint'), 'utf8').split('\n\n')
      const note = formatNote(`${first}\nmore\n`, [logSigner])
      writeFileSync(join(directory, 'checkpoint'), `${note}— else.example AAAAAAAA\n— else.example AAAAAAAA\n`)
    })
    expect(run('verify-log', copy)).toMatchObject({ status: 0, wrong: '' })
    expect(run('verify-log', copy, '--witness', witness.vkey).status).toBe(1)
  })

  test('a signature with ML-DSA-44 is named as not verified', () => {
    const copy = changed(small, (directory) => {
      const note = readFileSync(join(directory, 'checkpoint'), 'utf8')
      const text = `${note.split('\n\n')[0] ?? ''}\n`
      writeFileSync(join(directory, 'checkpoint'), note + signatureLine(text, mldsaCosigner(origin, mldsaKey.privateKey, clock)))
    })
    expect(run('verify-log', copy)).toMatchObject({ status: 0, proven: expect.stringContaining(`A signature of ${origin} on it was not verified`) })
    expect(run('verify-log', copy, '--witness', vkeyOf(origin, 6, mldsaKey.publicKey)).status).toBe(1)
  })

  test('wrong use is told', () => {
    expect(run()).toMatchObject({ status: 2, wrong: expect.stringContaining('usage:') })
    expect(run('verify-log', small, '--unknown', 'x').status).toBe(1)
    expect(run('verify-log', join(folder, 'nothing'))).toMatchObject({ status: 1, wrong: expect.stringContaining('cannot be read') })
  })
})
