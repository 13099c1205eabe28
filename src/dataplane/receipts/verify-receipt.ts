import { isProblem } from '../../errors.ts'
import { rootOf } from '../../identity/did-web.ts'
import { signatureTypes } from '../../tlog/keys.ts'
import { openNote, parseVkey } from '../../tlog/note.ts'
import { parseProof } from '../../tlog/proof.ts'
import type { LogProof } from '../../tlog/proof.ts'
import { verifyInclusion } from '../../tlog/tree.ts'

/** The keys of a partner's log, by its DID document; with `suffice`, those of a newer document when the known one does not do. */
export type LogKeysOf = (log: { readonly partner: string; readonly origin: string }, suffice: (vkeys: readonly string[]) => boolean) => Promise<readonly string[]>

/** What a receipt proves: that the leaf is in the log that the partner signed. */
export interface VerifiedProof {
  readonly origin: string
  readonly leafIndex: number
  readonly leafHash: Buffer
  /** How large the log was then. */
  readonly size: number
}

export type Verification = { readonly state: 'verified'; readonly text: string; readonly proof: VerifiedProof } | { readonly state: 'invalid' | 'unchecked'; readonly problem: string; readonly receipt: string }

const longest = 16 * 1024
const mostCheckpoints = 1_000

/** Verifies receipts: the base64 of a C2SP tlog-proof whose extra data is the hash of its leaf. */
export function verifyReceipt(logKeys: LogKeysOf): (partner: string, receipt: string) => Promise<Verification> {
  // Answers of one moment have the same checkpoint: its signature is verified once.
  const checkpoints = new Map<string, string>()

  async function checkSigned(partner: string, { checkpoint: note, tree }: LogProof): Promise<void> {
    const key = `${partner} ${tree.origin}`
    if (checkpoints.get(key) === note) return
    const signs = (vkeys: readonly string[]) => vkeys.some((vkey) => isSignedBy(note, vkey, tree.origin))
    if (!signs(await keysOf(logKeys, { partner, origin: tree.origin }, signs))) throw new Invalid(`its checkpoint is not signed with a key of the log that the DID document of ${partner} names`)
    if (checkpoints.size >= mostCheckpoints) checkpoints.clear()
    checkpoints.set(key, note)
  }

  async function verified(partner: string, text: string): Promise<VerifiedProof> {
    const parsed = parseProof(text)
    const { index, proof, tree, extra } = parsed
    if (extra?.length !== 32) throw new Invalid('it does not have the hash of its leaf')
    if (!tree.origin.startsWith(`${rootOf(partner)}/log/`)) throw new Invalid(`it is of the log ${tree.origin}, which is none of ${partner}`)
    if (!verifyInclusion({ leaf: extra, index, size: tree.size, proof, root: tree.root })) throw new Invalid('its proof does not lead to the root of its checkpoint')
    await checkSigned(partner, parsed)
    return { origin: tree.origin, leafIndex: index, leafHash: extra, size: tree.size }
  }

  return async (partner, receipt) => {
    const text = decoded(receipt)
    if (text === undefined) return { state: 'invalid', problem: 'it is not base64 of a proof', receipt: receipt.slice(0, longest) }
    try {
      return { state: 'verified', text, proof: await verified(partner, text) }
    } catch (error) {
      if (error instanceof Unreachable) return { state: 'unchecked', problem: error.message, receipt: text }
      // As it came: what it decodes to may be nothing that can be stored.
      if (error instanceof Invalid || (isProblem(error) && error.code === 'invalid-evidence')) return { state: 'invalid', problem: error.message, receipt }
      throw error
    }
  }
}

class Invalid extends Error {}
class Unreachable extends Error {}

async function keysOf(logKeys: LogKeysOf, log: Parameters<LogKeysOf>[0], suffice: Parameters<LogKeysOf>[1]): Promise<readonly string[]> {
  try {
    return await logKeys(log, suffice)
  } catch (error) {
    if (!isProblem(error)) throw error
    throw new Unreachable(`the key of the log cannot be had: ${error.message}`, { cause: error })
  }
}

function isSignedBy(note: string, vkey: string, origin: string): boolean {
  try {
    const verifier = parseVkey(vkey)
    // A cosignature of the log's key would speak for a witness, not for the log.
    return verifier.name === origin && verifier.type === signatureTypes.ed25519 && openNote(note, [verifier]).signedBy.length > 0
  } catch (error) {
    if (isProblem(error)) return false
    throw error
  }
}

function decoded(receipt: string): string | undefined {
  if (receipt.length > longest || !/^[A-Za-z0-9+/]+={0,2}$/.test(receipt)) return undefined
  const bytes = Buffer.from(receipt, 'base64')
  // One way of writing only.
  return bytes.toString('base64') === receipt ? bytes.toString('utf8') : undefined
}
