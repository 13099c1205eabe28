import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import fc from 'fast-check'
import { contentOf, mostBytes, writeArchive } from '../../../src/tlog/bundle/archive.ts'
import { contentAt, readArchive, textOf } from '../../../src/tlog/bundle/archive-reader.ts'
import { sourceOf, zipOf, zipOfContents } from './test-bundle.ts'

const files = new Map<string, string>([['b/c.txt', 'second'], ['README.html', '<p>'], ['b/a.json', ''], ['records.ndjson', 'x'.repeat(3_000_000)]])

test('what was written is read, in the order of names, in one form', async () => {
  const bytes = await zipOf(files)
  const archive = await readArchive(sourceOf(bytes))
  expect([...archive.files.keys()]).toEqual(['README.html', 'b/a.json', 'b/c.txt', 'records.ndjson'])
  expect(await textOf(archive, 'b/c.txt')).toBe('second')
  await expect(textOf(archive, 'b/d.txt')).rejects.toThrow('b/d.txt is missing')
  await expect(textOf(archive, 'records.ndjson', 10)).rejects.toThrow('records.ndjson is longer than 10 bytes')
  expect((await zipOf(new Map([...files].toReversed()))).equals(bytes)).toBe(true)
})

test('other programs open it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'concordat-zip-'))
  const file = join(folder, 'case.zip')
  writeFileSync(file, await zipOf(files))
  const script = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(" ".join(z.namelist()), len(z.read("records.ndjson")))'
  expect(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' })).toBe('README.html b/a.json b/c.txt records.ndjson 3000000\n')
  rmSync(folder, { recursive: true })
})

test('any files come back as they were', async () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}(\/[A-Za-z0-9][A-Za-z0-9._-]{0,8})?$/)
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, fc.uint8Array({ maxLength: 50 }), { minKeys: 1, noNullPrototype: true }), async (contents) => {
      const archive = await readArchive(sourceOf(await zipOf(new Map(Object.entries(contents)))))
      expect(archive.files.size).toBe(Object.keys(contents).length)
      for (const [each, content] of Object.entries(contents)) {
        const file = archive.files.get(each)
        const chunks: Buffer[] = []
        if (file !== undefined) for await (const chunk of contentAt(archive, file)) chunks.push(chunk)
        expect(new Uint8Array(Buffer.concat(chunks))).toEqual(content)
      }
    }),
    { numRuns: 50 },
  )
})

/** A ZIP as any program writes it, wrong where the test wants it. */
function foreign(entries: readonly { name: string; content?: string; method?: number; flags?: number; extra?: string; data?: Buffer; date?: number; size?: number }[], more: { comment?: string; tail?: string; entries?: number } = {}): Buffer {
  const parts: Buffer[] = []
  const list: Buffer[] = []
  let offset = 0
  for (const { name, content = 'x', method = 0, flags = 0x0800, extra = '', data = Buffer.from(content), date = 0x0021, size = Buffer.byteLength(content) } of entries) {
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(flags, 2)
    facts.writeUInt16LE(method, 4)
    facts.writeUInt16LE(date, 8)
    facts.writeUInt32LE(contentOf('a', content).crc32, 10)
    facts.writeUInt32LE(data.length, 14)
    facts.writeUInt32LE(size, 18)
    facts.writeUInt16LE(Buffer.byteLength(name), 22)
    facts.writeUInt16LE(extra.length, 24)
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), facts, Buffer.from(name), Buffer.from(extra), data])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    list.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), facts, place, Buffer.from(name), Buffer.from(extra)]))
    parts.push(local)
    offset += local.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(more.entries ?? entries.length, 4)
  end.writeUInt16LE(more.entries ?? entries.length, 6)
  end.writeUInt32LE(Buffer.concat(list).length, 8)
  end.writeUInt32LE(offset, 12)
  end.writeUInt16LE((more.comment ?? '').length, 16)
  return Buffer.concat([...parts, ...list, Buffer.from('PK\u0005\u0006'), end, Buffer.from(more.comment ?? ''), Buffer.from(more.tail ?? '')])
}

const whole = foreign([{ name: 'a' }])
const bomb = deflateRawSync(Buffer.alloc(10_000_000))

test.each<[string, Buffer, string]>([
  ['as it must be', foreign([{ name: 'a' }, { name: 'b' }]), ''],
  ['../', foreign([{ name: '../a' }]), 'the name "../a" is not allowed'],
  ['a/../b', foreign([{ name: 'a/../b' }]), 'the name "a/../b" is not allowed'],
  ['an absolute name', foreign([{ name: '/etc/passwd' }]), 'the name "/etc/passwd" is not allowed'],
  ['a name with backslashes', foreign([{ name: 'a\\b' }]), 'is not allowed'],
  ['a folder', foreign([{ name: 'a/' }]), 'the name "a/" is not allowed'],
  ['a name beyond ASCII', foreign([{ name: 'à' }]), 'is not allowed'],
  ['a name of many letters', foreign([{ name: 'a'.repeat(300) }]), 'is not allowed'],
  ['no name', foreign([{ name: '' }]), 'the name "" is not allowed'],
  ['a name twice', foreign([{ name: 'a' }, { name: 'a' }]), 'a is there twice'],
  ['names not sorted', foreign([{ name: 'b' }, { name: 'a' }]), 'a stands behind b: names must be sorted'],
  ['a compressed bomb', foreign([{ name: 'a', method: 8, data: bomb, size: 10_000_000 }]), 'a is compressed'],
  ['two sizes', foreign([{ name: 'a', size: 5, data: Buffer.from('x') }]), 'a has two different sizes'],
  ['a smaller size', foreign([{ name: 'a', content: 'xxx', size: 1 }]), 'a has two different sizes'],
  ['a size that does not fit', whole.fill(0xff, 18, 26), 'a does not fit into it'],
  ['a data descriptor', foreign([{ name: 'a', flags: 0x0808 }]), 'the size of a stands behind it'],
  ['encryption', foreign([{ name: 'a', flags: 0x0801 }]), 'a is encrypted'],
  ['no UTF-8 flag', foreign([{ name: 'a', flags: 0 }]), 'the header of a is not of the form'],
  ['extra fields', foreign([{ name: 'a', extra: 'UT\u0005\u0000abcde' }]), 'a has extra fields'],
  ['another date', foreign([{ name: 'a', date: 0x5a21 }]), 'the header of a is not of the form'],
  ['another content', foreign([{ name: 'a', content: 'x', data: Buffer.from('y') }]), 'the content of a is damaged'],
  ['a comment', foreign([{ name: 'a' }], { comment: 'hello' }), 'the list of files at its end does not fit'],
  ['bytes behind its end', foreign([{ name: 'a' }], { tail: 'more' }), '4 bytes stand behind its end'],
  ['another count', foreign([{ name: 'a' }], { entries: 2 }), 'the list of files at its end does not fit'],
  ['no list', foreign([{ name: 'a' }]).subarray(0, 32), 'it is cut short'],
  ['half a list', foreign([{ name: 'a' }]).subarray(0, 60), 'the list of files is cut short'],
  ['no files', foreign([]), 'it has no files'],
  ['nothing', Buffer.alloc(0), 'it is cut short'],
  ['a text', Buffer.from('hello, this is no archive at all'), 'at byte 0 there is neither a file nor the list'],
  ['something before it', Buffer.concat([Buffer.from('#!/bin/sh\n'), foreign([{ name: 'a' }])]), 'at byte 0 there is neither'],
])('%s', async (_what, bytes, message) => {
  if (message === '') expect((await readArchive(sourceOf(bytes))).files.size).toBe(2)
  else await expect(readArchive(sourceOf(bytes))).rejects.toMatchObject({ code: 'invalid-evidence', message: expect.stringContaining(message) })
})

test('more than 4 GiB is refused before it is read, and before it is written', async () => {
  await expect(readArchive({ size: mostBytes + 1, read: async () => Buffer.alloc(0) })).rejects.toThrow('larger than 4 GiB')
  const huge = { ...contentOf('a', ''), bytes: mostBytes }
  await expect(writeArchive([huge]).next()).rejects.toMatchObject({ code: 'too-large' })
})

test('a source that has less than it says is cut short', async () => {
  const bytes = await zipOf(files)
  await expect(readArchive({ size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + Math.min(length, 1000)) })).rejects.toThrow('it is cut short')
})

test('a content that changes while it is written ends the archive', async () => {
  const content = { ...contentOf('a', 'one'), content: () => [Buffer.from('two')] }
  await expect(zipOfContents([content])).rejects.toThrow('The content of a changed while it was written')
})

test('names that cannot be in an archive are not written', async () => {
  await expect(zipOf(new Map([['../a', 'x']]))).rejects.toThrow('../a cannot be in an archive')
})
