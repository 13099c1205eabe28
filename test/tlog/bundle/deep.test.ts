import { expect, test } from 'vitest'
import { verifyBundle } from '../../../src/tlog/bundle/verify.ts'
import { filesOf, parts, zipOf } from './test-bundle.ts'

test.each([...filesOf(parts()).keys()])('nested beyond what can be walked through, %s is reported, and nothing fails', async (name) => {
  const files = filesOf(parts())
  for (const [open, close] of [['[', ']'], ['{"a":', '}']] as const) {
    files.set(name, `${open.repeat(50_000)}${open === '[' ? '' : '1'}${close.repeat(50_000)}`)
    const bytes = await zipOf(files)
    const report = await verifyBundle({ size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) })
    expect(report.holds).toBe(false)
  }
})
