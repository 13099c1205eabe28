import { isProblem } from '../../../errors.ts'
import type { Queries } from '../../../persistence/database.ts'
import { parseCheckpoint } from '../../../tlog/checkpoint.ts'
import type { CheckpointText } from '../../../tlog/checkpoint.ts'
import { openNote, parseNote, parseSignatureLines, parseVkey } from '../../../tlog/note.ts'
import type { LogFault } from '../log.ts'
import type { NoteFile } from '../note-file.ts'
import type { StoredLog } from '../store.ts'
import { finding } from './findings.ts'
import { readCheckpoints } from './store.ts'
import type { SignedRoot } from './walk.ts'

/** A checkpoint of `log` that its key has signed, or what is wrong with it. */
export function openSigned(log: Pick<StoredLog, 'name' | 'origin' | 'vkey'>, { where, note }: { readonly where: string; readonly note: string }): { readonly checkpoint: CheckpointText } | { readonly fault: LogFault } {
  try {
    const { text, signedBy } = openNote(note, [parseVkey(log.vkey)])
    const checkpoint = parseCheckpoint(text)
    return signedBy.length > 0 && checkpoint.origin === log.origin ? { checkpoint } : { fault: finding.checkpointUnsigned(log.name, where) }
  } catch (error) {
    if (!isProblem(error)) throw error
    return { fault: finding.checkpointUnreadable(log.name, where, error.message) }
  }
}

/** All checkpoints of a log that are kept anywhere, in ascending order of sizes, and what is wrong with those that do not count. */
export async function signedRoots(db: Queries, log: StoredLog, kept: { readonly note: NoteFile | undefined; readonly witnesses: ReadonlyMap<string, string> }): Promise<{ roots: SignedRoot[]; faults: LogFault[] }> {
  const faults: LogFault[] = []
  const roots: SignedRoot[] = []
  const take = (where: string, note: string) => {
    const opened = openSigned(log, { where, note })
    if ('fault' in opened) faults.push(opened.fault)
    else roots.push({ where, size: opened.checkpoint.size, root: opened.checkpoint.root })
  }
  if (log.checkpoint !== null) take('the database', log.checkpoint)
  if (kept.note !== undefined) take('the note file', kept.note.note)
  for (const { size, note, lines } of await readCheckpoints(db, log.origin)) {
    take(`the list of witnessed checkpoints (${size})`, note)
    for (const { witness, line } of lines) {
      const vkey = kept.witnesses.get(witness)
      if (vkey !== undefined && !verifies(note, line, vkey)) faults.push(finding.cosignatureChanged(log.name, witness, size))
    }
  }
  return { roots: roots.toSorted((left, right) => left.size - right.size), faults }
}

/** Whether a kept cosignature is one of the witness. One under a key that it had before is not ours to judge. */
function verifies(note: string, line: string, vkey: string): boolean {
  try {
    const verifier = parseVkey(vkey)
    const { text } = parseNote(note)
    const [found] = parseSignatureLines(`${line}\n`)
    if (found?.name !== verifier.name) return false
    return !found.keyId.equals(verifier.keyId) || verifier.verify(text, found.signature)
  } catch (error) {
    if (!isProblem(error)) throw error
    return false
  }
}
