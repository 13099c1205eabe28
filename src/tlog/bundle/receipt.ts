import { isProblem } from '../../errors.ts'
import { openNote } from '../note.ts'
import type { Verifier } from '../note.ts'
import { parseProof } from '../proof.ts'
import { verifyInclusion } from '../tree.ts'
import type { BundleKey, ReceiptLine } from './form.ts'

export type ReceiptOutcome = { readonly kind: 'valid'; /** The hash of the provider's entry. */ readonly leaf: Buffer } | { readonly kind: 'key-unknown' } | { readonly kind: 'wrong'; readonly why: string }

/** Verifies receipts (C2SP tlog-proof) with the keys of the provider's logs: those of anybody else's prove nothing. */
export function createReceiptVerifier(keys: readonly BundleKey[], provider: string): (receipt: Pick<ReceiptLine, 'origin' | 'receipt'>) => ReceiptOutcome {
  const byOrigin = new Map<string, Verifier[]>()
  for (const { use, participant, verifier } of keys) {
    if (use !== 'log' || participant !== provider || verifier === undefined) continue
    const known = byOrigin.get(verifier.name)
    if (known === undefined) byOrigin.set(verifier.name, [verifier])
    else known.push(verifier)
  }
  return ({ origin, receipt }) => {
    const verifiers = byOrigin.get(origin)
    if (verifiers === undefined) return { kind: 'key-unknown' }
    try {
      const { index, proof, checkpoint, tree, extra } = parseProof(receipt)
      openNote(checkpoint, verifiers)
      if (tree.origin !== origin) return { kind: 'wrong', why: 'it is of another log' }
      if (extra === undefined || !verifyInclusion({ leaf: extra, index, size: tree.size, proof, root: tree.root })) return { kind: 'wrong', why: 'its proof does not hold' }
      return { kind: 'valid', leaf: extra }
    } catch (error) {
      if (!isProblem(error)) throw error
      return { kind: 'wrong', why: error.message }
    }
  }
}
