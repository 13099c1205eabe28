import type { Audit } from '../../../src/audit/audit.ts'
import type { LogInfo } from '../../../src/audit/log/log.ts'
import { parseCheckpoint } from '../../../src/tlog/checkpoint.ts'
import { openNote, parseVkey } from '../../../src/tlog/note.ts'
import { parseProof } from '../../../src/tlog/proof.ts'
import { leafHash, treeHash, verifyConsistency, verifyInclusion } from '../../../src/tlog/tree.ts'

/** Whether a receipt proves `entry` under the key of its log, as one without a database sees it. */
export function receiptProves(receipt: string, vkey: string, entry: string): boolean {
  const { index, proof, checkpoint, extra } = parseProof(receipt)
  const { text, signedBy } = openNote(checkpoint, [parseVkey(vkey)])
  const { size, root } = parseCheckpoint(text)
  const leaf = leafHash(Buffer.from(entry))
  return signedBy.length === 1 && extra?.equals(leaf) === true && verifyInclusion({ leaf, index, size, proof, root })
}

/** All leaves of a log, read in pages. */
export async function readLeaves(audit: Audit, log: LogInfo): Promise<string[]> {
  const entries: string[] = []
  for (;;) {
    const page = await audit.log.leaves(log.name, entries.length, 2000)
    if (page.length === 0) return entries
    for (const { index, entry } of page) {
      if (index !== entries.length) throw new Error(`Leaf ${index} in the place of ${entries.length}`)
      entries.push(entry)
    }
  }
}

/** Whether the newest checkpoint of a log is signed by its key and is the tree over its leaves. */
export async function isTreeOfLeaves(audit: Audit, log: LogInfo): Promise<boolean> {
  const leaves = await readLeaves(audit, log)
  const checkpoint = await audit.log.checkpoint(log.name)
  if (checkpoint === undefined) return leaves.length === 0
  const { text, signedBy } = openNote(checkpoint.note, [parseVkey(log.vkey)])
  const signed = parseCheckpoint(text)
  const root = treeHash(leaves.map((entry) => leafHash(Buffer.from(entry))))
  return signedBy.length === 1 && signed.origin === log.origin && signed.size === leaves.length && signed.root.equals(root)
}

/** Whether one log goes on from the older checkpoint to the newer one. */
export async function isConsistent(audit: Audit, older: { readonly log: string; readonly size: number; readonly root: Buffer }, newer: { readonly size: number; readonly root: Buffer }): Promise<boolean> {
  const proof = await audit.log.consistency(older.log, older.size, newer.size)
  return verifyConsistency({ oldSize: older.size, oldRoot: older.root, size: newer.size, root: newer.root, proof })
}

