import { isProblem, ProblemError } from '../../errors.ts'
import { parseNote } from '../../tlog/note.ts'
import { formatProof, parseProof } from '../../tlog/proof.ts'
import type { DataPlaneDeps } from '../release.ts'

/** The number of the record that tells of an answer. */
export const recordHeader = 'Concordat-Record'
/** The proof that this record is in the log: base64 of a C2SP tlog-proof, with the hash of the record's leaf as its extra data. */
export const receiptHeader = 'Concordat-Receipt'

/** What an answer or a delivery carries to prove its record. Without it nothing leaves: 'record-unavailable'. */
export async function receiptHeaders(deps: Pick<DataPlaneDeps, 'audit'>, index: number): Promise<Readonly<Record<string, string>>> {
  return headersOf(index, await receiptOf(deps, index))
}

export function headersOf(index: number, receipt: string): Readonly<Record<string, string>> {
  return { [recordHeader]: String(index), [receiptHeader]: Buffer.from(short(receipt)).toString('base64') }
}

/** The whole proof of a record. */
export async function receiptOf({ audit }: Pick<DataPlaneDeps, 'audit'>, index: number): Promise<string> {
  try {
    return await audit.log.receipt(index)
  } catch (cause) {
    if (isProblem(cause) && cause.code === 'log-stopped') throw cause
    throw new ProblemError('record-unavailable', 'The receipt of the record cannot be made, so nothing was released. Try again later.', { cause })
  }
}

/** Proxies take headers up to 4 KiB or so. */
const mostBytes = 2048
const ed25519Bytes = 64

/** Without the second signature of the log (ML-DSA-44: 2,420 bytes), which `GET /data/:transferId/receipts/INDEX` gives. */
function short(receipt: string): string {
  if (receipt.length <= mostBytes) return receipt
  const { extra, ...proof } = parseProof(receipt)
  const { text, lines } = parseNote(proof.checkpoint)
  const checkpoint = `${text}\n${lines.flatMap(({ line, signature }) => (signature.length === ed25519Bytes ? [`${line}\n`] : [])).join('')}`
  return formatProof({ ...proof, checkpoint, ...(extra === undefined ? {} : { extra }) })
}
