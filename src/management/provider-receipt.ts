import type { CheckedReceipt } from '../dataplane/receipts/checks.ts'
import { receiptHeader, recordHeader } from '../dataplane/receipts/receipt-headers.ts'
import { ProblemError } from '../errors.ts'
import type { OutboundStream } from '../http/guarded-fetch.ts'
import { readPolicy } from '../policy/read/read.ts'
import { termsOf } from '../policy/terms/terms.ts'
import type { TransferView } from '../transfer/transfers.ts'
import type { ManagementDeps } from './deps.ts'

/** Verifies the receipt of a provider's answer, before anything of it is passed on, and keeps it beside our record of the question. */
export async function checkAnswer(deps: Pick<ManagementDeps, 'receipts'>, { headers }: Pick<OutboundStream, 'headers'>, about: { readonly transfer: TransferView; readonly asked: number; readonly refusal: boolean; readonly known: ReadonlyMap<string, number> }): Promise<CheckedReceipt> {
  const { transfer, asked, refusal, known } = about
  const partner = transfer.counterparty
  const checked = await deps.receipts.check({ partner, record: textOf(headers, recordHeader), receipt: textOf(headers, receiptHeader), refusal, known })
  return deps.receipts.keep(checked, { record: asked, agreement: transfer.agreementId, partner, transfer: transfer.id, refusal })
}

/** Refuses an answer without a receipt that proves its record, where that is wanted and the agreement asks anything of its requests. */
export async function requireReceipt(deps: Pick<ManagementDeps, 'agreements' | 'requireReceipts'>, { state, problem = '' }: CheckedReceipt, transfer: TransferView): Promise<void> {
  if (!deps.requireReceipts || state === 'verified') return
  const { agreement } = await deps.agreements.get(transfer.agreementId)
  if (termsOf(readPolicy(agreement)).open) return
  throw new ProblemError('peer-failed', `The provider's answer does not come with a receipt that proves its record (${state}: ${problem}), and CONCORDAT_REQUIRE_RECEIPTS is on. The provider has counted the request all the same: ask it for its record.`)
}

function textOf(headers: OutboundStream['headers'], name: string): string | undefined {
  const value = headers[name.toLowerCase()]
  return Array.isArray(value) ? value.join(', ') : value
}
