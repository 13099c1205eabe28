import { readFileSync } from 'node:fs'
import { isProblem } from '../../errors.ts'
import { parseVkey } from '../../tlog/note.ts'
import type { BundleReport } from '../../tlog/bundle/report.ts'
import { hasKeys } from '../../tlog/bundle/trust.ts'
import type { Trust } from '../../tlog/bundle/trust.ts'
import { verifyBundle } from '../../tlog/bundle/verify.ts'
import { wrongUsage } from '../failure.ts'
import type { Terminal } from '../output.ts'
import { progressBar } from '../progress.ts'
import { withEvidence } from './file-source.ts'

/** What the user trusts, as the options say it. */
export interface TrustOptions {
  readonly trust?: readonly string[]
  readonly did?: readonly string[]
}

/** Reads keys and documents; a key may also be the name of a file that holds it. */
export function trustOf({ trust = [], did = [] }: TrustOptions): Trust {
  return { vkeys: trust.map(vkeyIn), documents: did.map(documentIn) }
}

function vkeyIn(text: string): string {
  const vkey = text.includes('+') ? text.trim() : fileText(text).trim()
  try {
    return parseVkey(vkey).vkey
  } catch (error) {
    if (!isProblem(error)) throw error
    throw wrongUsage(`--trust ${text}: ${error.message}`)
  }
}

function documentIn(file: string): unknown {
  const document = jsonIn(file)
  if (!hasKeys(document)) throw wrongUsage(`${file} is no DID document with keys in it.`)
  return document
}

function jsonIn(file: string): unknown {
  try {
    const value: unknown = JSON.parse(fileText(file))
    return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw wrongUsage(`${file} is not JSON.`)
  }
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongUsage(`${file} cannot be read: ${Error.isError(error) ? error.message : String(error)}`)
  }
}

/** Verifies a file of evidence, and shows how far it is. */
export function verifyFile(terminal: Terminal, file: string, trust: Trust): Promise<BundleReport> {
  return withEvidence(file, async (source) => {
    const bar = progressBar(terminal, file, { total: source.size })
    try {
      return await verifyBundle(source, { trust, onRead: (bytes) => bar.advance(bytes) })
    } finally {
      bar.stop()
    }
  })
}
