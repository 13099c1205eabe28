import { createHash } from 'node:crypto'
import type { Agreement } from '../agreements/agreements.ts'
import { explainPolicy } from '../policy/explain/explain-policy.ts'
import type { ExplainedRule, ExplainedTerm, Explanation } from '../policy/explain/explain-policy.ts'
import { explanationText } from '../policy/explain/explanation-text.ts'
import { readPolicy } from '../policy/read/read.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { pageOf, pageWith } from './page.ts'

type AgreementHandlers = Pick<Handlers, 'listAgreements' | 'getAgreement' | 'getAgreementMessage' | 'explainAgreement' | 'revokeAgreement'>

export function agreementHandlers({ agreements, obligations, transfers }: Pick<ManagementDeps, 'agreements' | 'obligations' | 'transfers'>): AgreementHandlers {
  const whole = async (agreement: Agreement) => ({ ...show(agreement), obligations: await obligations.count(agreement.id) })
  return {
    listAgreements: async ({ query }) => {
      const { cursor: _cursor, limit: _limit, ...conditions } = query
      return { status: 200, body: pageWith(await agreements.list({ ...conditions, ...pageOf(query) }), show) }
    },
    getAgreement: async ({ path }) => ({ status: 200, body: await whole(await agreements.get(path.agreementId)) }),
    explainAgreement: async ({ path, query }) => {
      const { agreement } = await agreements.get(path.agreementId)
      return { status: 200, body: explained(explainPolicy(readPolicy(agreement), query.lang ?? 'en')) }
    },
    revokeAgreement: async ({ path, body, caller }) => ({ status: 200, body: await whole(await transfers.revokeAgreement(path.agreementId, { ...body, actor: caller.name })) }),
    getAgreementMessage: async ({ path }) => {
      const text = await agreements.message(path.agreementId)
      const digest = createHash('sha256').update(text).digest('base64')
      return { status: 200, headers: { 'Content-Type': 'application/json', 'Content-Digest': `sha-256=:${digest}:` }, text }
    },
  }
}

function show(agreement: Agreement): Schemas['Agreement'] {
  const { id, role, assigner, assignee, messageSha256, signedAt } = agreement
  return {
    id,
    role,
    negotiation: agreement.negotiationId,
    partner: agreement.counterparty,
    assigner,
    assignee,
    dataset: agreement.datasetId,
    agreement: { ...agreement.agreement },
    messageSha256,
    signedAt,
    createdAt: agreement.createdAt.toISOString(),
    finalizedAt: agreement.finalizedAt?.toISOString() ?? null,
    endsAt: agreement.endsAt?.toISOString() ?? null,
  }
}

function explained(explanation: Explanation): Schemas['Explanation'] {
  const { language, notes, rules } = explanation
  return { language, text: explanationText(explanation), sentences: rules.flatMap((rule) => sentencesOf(rule, 0)), notes }
}

function sentencesOf({ at, sentence, enforcement, label, terms = [], ...rest }: ExplainedTerm | ExplainedRule, level: number): Schemas['Explanation']['sentences'][number][] {
  const within = [...terms, ...('rules' in rest ? rest.rules : [])]
  return [{ at, level, text: sentence, enforcement, label }, ...within.flatMap((each) => sentencesOf(each, level + 1))]
}
