import type { Language } from '../../policy/explain/operand-texts.ts'
import { isProblem } from '../../errors.ts'
import { readArchive } from '../../tlog/bundle/archive-reader.ts'
import type { BundleKey } from '../../tlog/bundle/form.ts'
import { comparedAlthoughWrong, keysIn, queriesIn } from '../../tlog/bundle/queries.ts'
import type { HeldQuery } from '../../tlog/bundle/queries.ts'
import { countedKeys, reconcile } from '../../tlog/bundle/reconcile.ts'
import type { Reconciliation } from '../../tlog/bundle/reconcile.ts'
import type { FindingCode } from '../../tlog/bundle/report.ts'
import type { Trust } from '../../tlog/bundle/trust.ts'
import { exitCodes, Failure, wrongUsage } from '../failure.ts'
import type { Printer, Terminal } from '../output.ts'
import { withEvidence } from './file-source.ts'
import { evidenceTexts } from './texts.ts'
import type { EvidenceTexts } from './texts.ts'
import { trustOf, verifyFile } from './verify-file.ts'
import type { TrustOptions } from './verify-file.ts'

/** Compares two files of evidence. Where one does not hold in single records, the rest of it is compared, and only what it can prove is called proven. */
export async function reconcileFiles(terminal: Terminal, input: { readonly agreementId: string; readonly files: readonly [ours: string, theirs: string]; readonly trust: TrustOptions }): Promise<Reconciliation> {
  const trust = trustOf(input.trust)
  const [ours, theirs] = [await verified(terminal, input.files[0], trust), await verified(terminal, input.files[1], trust)]
  if (ours.agreement !== input.agreementId) throw wrongUsage(`${ours.file} is the evidence of ${ours.agreement}, not of ${input.agreementId}.`)
  const queriesOf = (one: Verified, other: Verified) => withEvidence(one.file, async (source) => queriesIn(await readArchive(source), { wrong: one.wrong, keys: countedKeys(one, { keys: other.keys, trust }) }))
  try {
    return reconcile(await queriesOf(ours, theirs), await queriesOf(theirs, ours))
  } catch (error) {
    throw isProblem(error) ? wrongUsage(error.message) : error
  }
}

interface Verified {
  readonly file: string
  readonly agreement: string
  readonly connector: string
  readonly keys: readonly BundleKey[]
  /** What does not hold of it. */
  readonly wrong: readonly FindingCode[]
}

async function verified(terminal: Terminal, file: string, trust: Trust): Promise<Verified> {
  const { summary, findings } = await verifyFile(terminal, file, trust)
  const wrong = findings.flatMap(({ what, holds }) => (holds ? [] : [what]))
  if (summary === null || !wrong.every((what) => comparedAlthoughWrong.has(what))) throw new Failure(exitCodes.failed, `${file} does not hold, so nothing can be compared with it. See what is wrong with: concordat audit verify ${file}`)
  const { agreement, connector } = summary
  return { file, agreement, connector, keys: await withEvidence(file, async (source) => keysIn(await readArchive(source))), wrong: [...new Set(wrong)] }
}

/** Shows each query with what both hold, where they differ and what proves it. */
export function showReconciliation(print: Printer, reconciliation: Reconciliation, language: Language): void {
  const texts = evidenceTexts[language]
  const { columns, verdicts, proofs } = texts
  const { queries, counts, uncounted, wrong } = reconciliation
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
    if (uncounted[side] > 0) print.note(texts.uncounted[side](uncounted[side]))
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
