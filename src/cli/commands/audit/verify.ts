import { Option } from 'commander'
import type { Command } from 'commander'
import { languages } from '../../../policy/explain/operand-texts.ts'
import type { Language } from '../../../policy/explain/operand-texts.ts'
import { example, several } from '../../arguments.ts'
import type { TrustOptions } from '../../evidence/verify-file.ts'
import { exitCodes, Failure } from '../../failure.ts'
import { createPrinter } from '../../output.ts'
import type { Terminal } from '../../output.ts'

/** The options by which keys from elsewhere are named. */
export function trusting(command: Command): Command {
  return command
    .option('--trust <vkey>', 'a key of a log or a witness that you have from elsewhere, or a file with it; may be repeated', several)
    .option('--did <file>', 'a DID document that you have from elsewhere; may be repeated', several)
}

/** The option that says in which language evidence is judged. */
export function inLanguage(command: Command): Command {
  return command.addOption(new Option('--language <language>', 'language of the words').choices(languages).default('en'))
}

/** `audit verify`: nothing is asked of a connector. */
export function verifyCommand(audit: Command, terminal: Terminal): void {
  const command = inLanguage(trusting(audit.command('verify').description('verify the evidence of an agreement; no network and no connector is needed').argument('<file>', 'the evidence'))).action(
    async (file: string, options: TrustOptions & { language: Language }, self: Command) => {
      const { trustOf, verifyFile } = await import('../../evidence/verify-file.ts')
      const { reportText } = await import('../../evidence/report-text.ts')
      const { evidenceTexts } = await import('../../evidence/texts.ts')
      const report = await verifyFile(terminal, file, trustOf(options))
      createPrinter(terminal, self.optsWithGlobals<{ json?: boolean }>().json === true).result(report, reportText(report, evidenceTexts[options.language]))
      if (!report.holds) throw new Failure(exitCodes.failed, '')
    },
  )
  example(command, 'audit verify case.zip --language ca --did city.did.json')
}
