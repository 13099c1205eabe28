import { committedFields } from '../audit/events/events.ts'
import type { Evidence, EvidenceAgreement } from '../audit/evidence/build.ts'
import { ProblemError } from '../errors.ts'
import { explainPolicy } from '../policy/explain/explain-policy.ts'
import { explanationText } from '../policy/explain/explanation-text.ts'
import type { Language } from '../policy/explain/operand-texts.ts'
import { readPolicy } from '../policy/read/read.ts'
import { writeOut } from './audit.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers } from './operation.ts'

type EvidenceHandlers = Pick<Handlers, 'getEvidence'>

/** The evidence of agreements. */
export function evidenceHandlers(deps: Pick<ManagementDeps, 'agreements' | 'evidence' | 'log'>): EvidenceHandlers {
  return {
    getEvidence: async ({ path, query, caller }) => {
      const redacted = redactedIn(query.redact)
      const agreement = await evidenceAgreement(deps, path.agreementId)
      const evidence = await deps.evidence({ agreement, actor: caller.name, redacted })
      return {
        write: async (res) => {
          res.once('close', () => void evidence.discard().catch((error: unknown) => deps.log.error({ err: error }, 'files of evidence are left over')))
          res.setHeader('Content-Type', 'application/zip')
          res.setHeader('Content-Length', evidence.bytes)
          res.setHeader('Content-Disposition', 'attachment; filename="case.zip"')
          await send(evidence, (chunk) => (res.destroyed ? undefined : writeOut(res, chunk)))
          res.end()
        },
      }
    },
  }
}

/** A name that leaves nothing out would hand on what was to stay here. */
function redactedIn(redact: string | undefined): readonly string[] {
  const names = redact?.split(',') ?? []
  const unknown = names.filter((name) => !committedFields.has(name))
  if (unknown.length > 0) throw new ProblemError('bad-request', `/query/redact: there are no values to leave out under ${unknown.join(', ')}. Those that can be left out: ${[...committedFields].toSorted().join(', ')}.`)
  return names
}

async function send(evidence: Evidence, write: (chunk: Uint8Array) => Promise<void> | undefined): Promise<void> {
  for await (const chunk of evidence.content()) {
    const written = write(chunk)
    if (written === undefined) return
    await written
  }
}

async function evidenceAgreement({ agreements }: Pick<ManagementDeps, 'agreements'>, id: string): Promise<EvidenceAgreement> {
  const [{ role, counterparty, agreement }, message] = await Promise.all([agreements.get(id), agreements.message(id)])
  const policy = readPolicy(agreement)
  const sentences = (language: Language) => explanationText(explainPolicy(policy, language)).split('\n').filter((line) => line.trim() !== '')
  return { id, role, counterparty, agreement: { ...agreement }, message, explanation: { ca: sentences('ca'), es: sentences('es'), en: sentences('en') } }
}
