import { createHash } from 'node:crypto'
import type { Agreement } from '../agreements/agreements.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { pageOf, pageWith } from './page.ts'

type AgreementHandlers = Pick<Handlers, 'listAgreements' | 'getAgreement' | 'getAgreementMessage'>

export function agreementHandlers({ agreements }: Pick<ManagementDeps, 'agreements'>): AgreementHandlers {
  return {
    listAgreements: async ({ query }) => {
      const { cursor: _cursor, limit: _limit, ...conditions } = query
      return { status: 200, body: pageWith(await agreements.list({ ...conditions, ...pageOf(query) }), show) }
    },
    getAgreement: async ({ path }) => ({ status: 200, body: show(await agreements.get(path.agreementId)) }),
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
  }
}
