import { createPrivateKey, generateKeyPairSync } from 'node:crypto'

import { describe, expect, test } from 'vitest'
import fc from 'fast-check'

import { ed25519Signer, formatNote, openNote, parseNote, parseSignatureLines, parseVkey, signatureLine, vkeyOf } from '../../src/tlog/note.ts'

const refused = expect.objectContaining({ code: 'invalid-evidence' })

/** The well-known note of the first implementation of the format, with its key; Ed25519 always gives the same signature. */
const known = {
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  secret: 'YEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  text: 'If you think cryptography is the answer to your problem,\nthen you don\'t know what your problem is.\n',
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
}
const knownNote = `${known.text}\n${known.line}\n`
const seed = Buffer.from(`A${known.secret}`, 'base64').subarray(1)
const knownKey = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })

const [one, two] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
const first = { signer: ed25519Signer('a.example/log/2026', one.privateKey), verifier: parseVkey(vkeyOf('a.example/log/2026', 1, one.publicKey)) }
const second = { signer: ed25519Signer('b.example/log/2026', two.privateKey), verifier: parseVkey(vkeyOf('b.example/log/2026', 1, two.publicKey)) }
const text = 'a text\n\nof three lines\n'
const note = formatNote(text, [first.signer, second.signer])

describe('the known note', () => {
  test('is signed as it is known', () => {
    expect(formatNote(known.text, [ed25519Signer('PeterNeumann', knownKey)])).toBe(knownNote)
    expect(vkeyOf('PeterNeumann', 1, knownKey)).toBe(known.vkey)
  })

  test('opens', () => {
    const opened = openNote(knownNote, [parseVkey(known.vkey)])
    expect(opened.text).toBe(known.text)
    expect(opened.signedBy.map(({ vkey }) => vkey)).toEqual([known.vkey])
    expect(opened.lines.map(({ name, line, keyId }) => ({ name, line, id: keyId.toString('hex') }))).toEqual([{ name: 'PeterNeumann', line: known.line, id: 'c74f20a3' }])
  })

  test('does not open with a byte changed anywhere', () => {
    const bytes = Buffer.from(knownNote)
    const verifier = parseVkey(known.vkey)
    for (let place = 0; place < bytes.length; place += 1) {
      for (const mask of [1, 0x20, 0x80]) {
        const changed = Buffer.from(bytes)
        changed[place] = (changed[place] ?? 0) ^ mask
        expect(() => openNote(changed.toString('utf8'), [verifier])).toThrow(refused)
      }
    }
  })
})

describe('a note', () => {
  test('opens for who knows one of its keys, and says whose signatures hold', () => {
    expect(openNote(note, [first.verifier]).signedBy).toEqual([first.verifier])
    expect(openNote(note, [second.verifier, first.verifier]).signedBy).toEqual([first.verifier, second.verifier])
    expect(openNote(note, [second.verifier]).text).toBe(text)
  })

  test('is refused when no key is known, or a known one signed something else', () => {
    const { signer } = { signer: ed25519Signer('a.example/log/2026', two.privateKey) }
    expect(() => openNote(note, [])).toThrow(refused)
    expect(() => openNote(formatNote(text, [signer]), [first.verifier])).toThrow(refused)
    expect(() => openNote(note.replace('three', 'four'), [first.verifier, second.verifier])).toThrow(refused)
    // A wrong signature of a key that counts spoils the note, even beside a right one.
    const wrong = `${text}\n${signatureLine(text, first.signer)}${signatureLine('another\n', second.signer)}`
    expect(() => openNote(wrong, [first.verifier, second.verifier])).toThrow(refused)
    expect(openNote(wrong, [first.verifier]).signedBy).toEqual([first.verifier])
  })

  test('is not taken for another when text looks like signatures', () => {
    const inner = `${text}\n${signatureLine(text, second.signer)}`
    const outer = formatNote(inner, [first.signer])
    expect(openNote(outer, [first.verifier]).text).toBe(inner)
    expect(() => openNote(outer, [second.verifier])).toThrow(refused)
  })

  test('round trips with any text and name', () => fc.assert(fc.property(
    fc.string({ unit: 'grapheme', maxLength: 80 }).map((content) => `${content.replaceAll(/[\p{Cc}]/gu, '')}\n`),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((name) => name.replaceAll(/[\p{White_Space}\p{Cc}+]/gu, '') || 'x'),
    (content, name) => {
      const opened = openNote(formatNote(content, [ed25519Signer(name, one.privateKey)]), [parseVkey(vkeyOf(name, 1, one.publicKey))])
      expect(opened.text).toBe(content)
    },
  ), { numRuns: 60 }))

  const line = signatureLine(text, first.signer)
  test.each([
    ['nothing', ''],
    ['no signature', text],
    ['no signature after the empty line', `${text}\n`],
    ['no newline at the end', note.slice(0, -1)],
    ['CRLF', note.replaceAll('\n', '\r\n')],
    ['a tab', note.replace('three', 'th\tree')],
    ['a zero byte', note.replace('three', 'th\u0000ree')],
    ['half a character', note.replace('three', 'th\ud800ree')],
    ['a hyphen for the dash', `${text}\n${line.replace('—', '-')}`],
    ['two spaces', `${text}\n${line.replace('— ', '—  ')}`],
    ['no name', `${text}\n${line.replace('a.example/log/2026', '')}`],
    ['a name with a plus', `${text}\n${line.replace('a.example', 'a+example')}`],
    ['a name with a space', `${text}\n${line.replace('a.example', 'a example')}`],
    ['a name with a space of Unicode', `${text}\n${line.replace('a.example', 'a\u00a0example')}`],
    ['something after the signature', `${text}\n${line.replace('\n', ' \n')}`],
    ['base64 without padding', `${text}\n${line.replace('=', '')}`],
    ['base64 with stray bits', `${text}\n${line.replace(/.=\n/, 'B=\n')}`],
    ['base64 of URLs', `${text}\n— a.example ${Buffer.alloc(68, 0xff).toString('base64url')}\n`],
    ['a signature of nothing', `${text}\n— a.example AAAAAA==\n`],
    ['a line that is none', `${text}\n${line}more\n`],
    ['too many signatures', `${text}\n${Array.from({ length: 101 }, (_, index) => `— s${index} AAAAAAAA\n`).join('')}`],
    ['too many bytes', `${'x'.repeat(300_000)}\n\n${line}`],
  ])('with %s is refused', (_, malformed) => {
    expect(() => parseNote(malformed)).toThrow(refused)
    expect(() => openNote(malformed, [first.verifier])).toThrow(refused)
  })

  test('with several signatures of one key is opened when all of them are right, and ignores those of keys that are not known', () => {
    expect(openNote(`${text}\n${line}${line}`, [first.verifier]).signedBy).toEqual([first.verifier])
    expect(() => openNote(`${text}\n${line}${signatureLine('another\n', first.signer)}`, [first.verifier])).toThrow(refused)
    expect(() => openNote(`${text}\n${signatureLine('another\n', first.signer)}${line}`, [first.verifier])).toThrow(refused)
    const unknown = signatureLine(text, second.signer)
    expect(openNote(`${text}\n${unknown}${line}${unknown}${signatureLine('another\n', second.signer)}`, [first.verifier]).signedBy).toEqual([first.verifier])
  })

  test('with sixteen and with a hundred signatures is read', () => {
    for (const count of [16, 99]) {
      const many = `${text}\n${Array.from({ length: count }, (_, index) => `— s${index} AAAAAAAA\n`).join('')}${line}`
      expect(openNote(many, [first.verifier]).lines).toHaveLength(count + 1)
    }
  })

  test('is not made with what cannot be read', () => {
    expect(() => formatNote('no newline', [first.signer])).toThrow(TypeError)
    expect(() => formatNote('a\r\n', [first.signer])).toThrow(TypeError)
    expect(() => formatNote(text, [])).toThrow(TypeError)
    for (const name of ['', 'a b', 'a+b', 'a\n', 'a\u2003b', '\ud800']) {
      expect(() => ed25519Signer(name, one.privateKey)).toThrow(TypeError)
      expect(() => vkeyOf(name, 1, one.publicKey)).toThrow(TypeError)
    }
  })
})

test('signature lines are read alone, as a witness answers with', () => {
  const lines = signatureLine(text, first.signer) + signatureLine(text, second.signer)
  expect(parseSignatureLines(lines).map(({ name }) => name)).toEqual(['a.example/log/2026', 'b.example/log/2026'])
  for (const malformed of ['', '\n', lines.slice(0, -1), `${lines}\n`, `\n${lines}`]) expect(() => parseSignatureLines(malformed)).toThrow(refused)
})

test('a key is read only as it must be written', () => {
  const { vkey } = first.verifier
  for (let place = 0; place < vkey.length; place += 1) {
    expect(() => parseVkey(vkey.slice(0, place) + vkey.slice(place + 1))).toThrow(refused)
    const other = vkey[place] === 'A' ? 'B' : 'A'
    expect(() => parseVkey(vkey.slice(0, place) + other + vkey.slice(place + 1))).toThrow(refused)
  }
  for (const malformed of [`${vkey}\n`, ` ${vkey}`, vkey.toUpperCase(), 'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW']) {
    expect(() => parseVkey(malformed)).toThrow(refused)
  }
})
