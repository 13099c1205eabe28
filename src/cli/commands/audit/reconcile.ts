import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Language } from '../../../policy/explain/operand-texts.ts'
import { example } from '../../arguments.ts'
import type { TrustOptions } from '../../evidence/verify-file.ts'
import { exitCodes, Failure } from '../../failure.ts'
import { createPrinter } from '../../output.ts'
import type { Printer, Terminal } from '../../output.ts'
import type { Open } from '../../session.ts'
import { fetchEvidence } from './evidence.ts'
import { inLanguage, trusting } from './verify.ts'

interface Options extends TrustOptions {
  readonly with: string
  readonly ours?: string
  readonly language: Language
}

/** `audit reconcile`: with `--ours` nothing is asked of a connector. */
export function reconcileCommand(audit: Command, open: Open, terminal: Terminal): void {
  const command = inLanguage(trusting(audit.command('reconcile').description('compare what both parties hold of the queries under an agreement').argument('<agreement>')))
    .requiredOption('--with <file>', 'the evidence of the other party')
    .option('--ours <file>', 'our own evidence; by default it is asked of the connector')
    .action(async (agreementId: string, options: Options, self: Command) => {
      const print = createPrinter(terminal, self.optsWithGlobals<{ json?: boolean }>().json === true)
      if (options.ours !== undefined) return compare({ print, terminal }, { agreementId, ours: options.ours, options })
      // Asking for our own is on record: not for a name that is wrong.
      const { withEvidence } = await import('../../evidence/file-source.ts')
      await withEvidence(options.with, async () => undefined)
      const folder = await mkdtemp(join(tmpdir(), 'concordat-'))
      try {
        const ours = join(folder, 'ours.zip')
        await fetchEvidence(open(self), agreementId, { out: ours })
        await compare({ print, terminal }, { agreementId, ours, options })
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
  example(command, 'audit reconcile urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10 --with theirs.zip --ours ours.zip')
}

async function compare({ print, terminal }: { print: Printer; terminal: Terminal }, { agreementId, ours, options }: { agreementId: string; ours: string; options: Options }): Promise<void> {
  const { reconcileFiles, showReconciliation } = await import('../../evidence/reconcile-files.ts')
  const reconciliation = await reconcileFiles(terminal, { agreementId, files: [ours, options.with], trust: options })
  showReconciliation(print, reconciliation, options.language)
  if (!reconciliation.agree) throw new Failure(exitCodes.failed, '')
}
