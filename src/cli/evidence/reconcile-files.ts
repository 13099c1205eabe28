import type { Language } from '../../policy/explain/operand-texts.ts'
import { isProblem } from '../../errors.ts'
import { readArchive } from '../../tlog/bundle/archive-reader.ts'
import { comparedAlthoughWrong, queriesIn } from '../../tlog/bundle/queries.ts'
import type { BundleQueries, HeldQuery } from '../../tlog/bundle/queries.ts'
import { reconcile } from '../../tlog/bundle/reconcile.ts'
import type { Reconciliation } from '../../tlog/bundle/reconcile.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import type { Printer, Terminal } from '../output.ts'
import { withEvidence } from './file-source.ts'
import { evidenceTexts } from './texts.ts'
import type { EvidenceTexts } from './texts.ts'
import { trustOf, verifyFile } from './verify-file.ts'
import type { TrustOptions } from './verify-file.ts'

/** Compares two files of evidence. Where one does not hold in single records, the rest of it is compared, and only what it can prove is called proven. */
export async function reconcileFiles(terminal: Terminal, input: { readonly agreementId: string; readonly files: readonly [ours: string, theirs: string]; readonly trust: TrustOptions }): Promise<Reconciliation> {
  const [ours, theirs] = input.files
  const [one, other] = [await queriesOf(terminal, ours, input.trust), await queriesOf(terminal, theirs, input.trust)]
  if (one.manifest.agreement !== input.agreementId) throw wrongUsage(`${ours} is the evidence of ${one.manifest.agreement}, not of ${input.agreementId}.`)
  try {
    return reconcile(one, other)
  } catch (error) {
    throw isProblem(error) ? wrongUsage(error.message) : error
  }
}

async function queriesOf(terminal: Terminal, file: string, trust: TrustOptions): Promise<BundleQueries> {
  const { findings } = await verifyFile(terminal, file, trustOf(trust))
  const wrong = findings.flatMap(({ what, holds }) => (holds ? [] : [what]))
  if (!wrong.every((what) => comparedAlthoughWrong.has(what))) throw new Failure(exitCodes.failed, `${file} does not hold, so nothing can be compared with it. See what is wrong with: concordat audit verify ${file}`)
  return withEvidence(file, async (source) => queriesIn(await readArchive(source), [...new Set(wrong)]))
}

/** Shows each query with what both hold, where they differ and what proves it. */
export function showReconciliation(print: Printer, reconciliation: Reconciliation, language: Language): void {
  const texts = evidenceTexts[language]
  const { columns, verdicts, proofs } = texts
  const { queries, counts, wrong } = reconciliation
  if (print.json) return print.result(reconciliation, '')
  if (queries.length > 0) {
    print.table(
      { items: queries, next: null },
      [
        [columns.time, (each) => each.consumer?.time ?? each.provider?.time],
        [columns.provider, (each) => heldText(each.provider)],
        [columns.consumer, (each) => heldText(each.consumer)],
        [columns.verdict, (each) => verdicts[each.verdict]],
        [columns.differences, (each) => differencesText(each.differences, texts)],
        [columns.proofs, (each) => each.proofs.map((proof) => proofs[proof]).join(', ')],
      ],
      '',
    )
  }
  for (const side of ['provider', 'consumer'] as const) {
    if (wrong[side].length > 0) print.note([texts.doubtful[side], ...wrong[side].map((what) => `  ${texts.fails[what]}`)].join('\n'))
  }
  const differs = counts.agree < queries.length
  print.note(differs ? texts.disagree(counts) : texts.agree(queries.length))
}

function heldText(held: HeldQuery | null): string {
  if (held === null) return '-'
  const { record, decision, rows, bytes } = held
  return [`${record} ${decision}`, ...(rows === null ? [] : [`rows=${rows}`]), ...(bytes === null ? [] : [`bytes=${bytes}`])].join(' ')
}

function differencesText(differences: Reconciliation['queries'][number]['differences'], { fields }: EvidenceTexts): string {
  return differences.map(({ field, provider, consumer }) => `${fields[field]}: ${String(provider)} / ${String(consumer)}`).join('; ') || '-'
}
