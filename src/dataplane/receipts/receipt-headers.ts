import { isProblem, ProblemError } from '../../errors.ts'
import type { DataPlaneDeps } from '../release.ts'

/** The number of the record that tells of an answer. */
export const recordHeader = 'Concordat-Record'
/** The proof that this record is in the log: base64 of a C2SP tlog-proof, with the hash of the record's leaf as its extra data. */
export const receiptHeader = 'Concordat-Receipt'

/** What an answer or a delivery carries to prove its record. Without it nothing leaves: 'record-unavailable'. */
export async function receiptHeaders({ audit }: Pick<DataPlaneDeps, 'audit'>, index: number): Promise<Readonly<Record<string, string>>> {
  try {
    const receipt = await audit.log.receipt(index)
    return { [recordHeader]: String(index), [receiptHeader]: Buffer.from(receipt).toString('base64') }
  } catch (cause) {
    if (isProblem(cause) && cause.code === 'log-stopped') throw cause
    throw new ProblemError('record-unavailable', 'The receipt of the record cannot be made, so nothing was released. Try again later.', { cause })
  }
}
