import type { Command } from 'commander'
import type { Language } from '../../../policy/explain/operand-texts.ts'
import { example } from '../../arguments.ts'
import { unreachable } from '../../client.ts'
import type { TrustOptions } from '../../evidence/verify-file.ts'
import { exitCodes, Failure, isFailure } from '../../failure.ts'
import { bytesText } from '../../output.ts'
import { withProgress } from '../../progress.ts'
import { header } from '../../send.ts'
import type { Open, Session } from '../../session.ts'
import { openWholeFile } from '../../whole-file.ts'
import { inLanguage, trusting } from './verify.ts'

interface Options extends TrustOptions {
  readonly out: string
  readonly redact?: string
  readonly language: Language
}

/** `audit evidence`. */
export function evidenceCommand(audit: Command, open: Open): void {
  const command = inLanguage(trusting(audit.command('evidence').description('write the evidence of an agreement: a file that anyone can verify').argument('<agreement>')))
    .requiredOption('--out <file>', 'file to write')
    .option('--redact <fields>', 'leave out the values of these fields: user,actor,request.query')
    .action(async (agreementId: string, options: Options, self: Command) => {
      const session = open(self)
      const { trustOf, verifyFile } = await import('../../evidence/verify-file.ts')
      const { reportText } = await import('../../evidence/report-text.ts')
      const { evidenceTexts } = await import('../../evidence/texts.ts')
      const trust = trustOf(options)
      const bytes = await fetchEvidence(session, agreementId, options)
      // What is not genuine must not be handed on as evidence.
      const report = await verifyFile(session.terminal, options.out, trust)
      session.print.result({ file: options.out, bytes, report }, `${reportText(report, evidenceTexts[options.language])}\n\n${options.out}, ${bytesText(bytes)}`)
      if (!report.holds) throw new Failure(exitCodes.failed, `${options.out} was written, but does not hold.`)
    })
  example(command, 'audit evidence urn:uuid:3c9f5a52-4a5e-4f1b-8f50-6cbb2f1f7a10 --out case.zip')
}

/** Writes the evidence of an agreement into a file. It is there whole, or what was there before is. Gives its size. */
export async function fetchEvidence({ client, terminal, url }: Session, agreementId: string, { out, redact }: { readonly out: string; readonly redact?: string }): Promise<number> {
  const file = await openWholeFile(out)
  try {
    const answer = await client.open('getEvidence', { path: { agreementId }, query: redact === undefined ? {} : { redact } })
    return await file.write(withProgress(terminal, out, answer, Number(header(answer, 'content-length') ?? 0)))
  } catch (error) {
    await file.discard()
    if (isFailure(error)) throw error
    throw unreachable(url, new Error('it stopped in the middle of the evidence'))
  }
}
