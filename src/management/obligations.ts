import type { Obligation } from '../agreements/obligations.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { pageOf, pageWith } from './page.ts'

type ObligationHandlers = Pick<Handlers, 'listObligations' | 'getObligation' | 'fulfilObligation' | 'violateObligation'>

export function obligationHandlers({ obligations, clock }: Pick<ManagementDeps, 'obligations' | 'clock'>): ObligationHandlers {
  const answer = async (work: Promise<Obligation>) => ({ status: 200, body: show(await work, clock()) }) as const
  return {
    listObligations: async ({ query }) => {
      const { cursor: _cursor, limit: _limit, ...conditions } = query
      const now = clock()
      return { status: 200, body: pageWith(await obligations.list({ ...conditions, ...pageOf(query) }), (each) => show(each, now)) }
    },
    getObligation: async ({ path }) => answer(obligations.get(path.obligationId)),
    fulfilObligation: async ({ path, body, caller }) => answer(obligations.fulfil(path.obligationId, { ...body, actor: caller.name })),
    violateObligation: async ({ path, body, caller }) => answer(obligations.violate(path.obligationId, { ...body, actor: caller.name })),
  }
}

function show(obligation: Obligation, now: Date): Schemas['Obligation'] {
  const { id, role, place, kind, action, assignee, dueAt, rule, state, note } = obligation
  return {
    id,
    agreement: obligation.agreementId,
    role,
    partner: obligation.counterparty,
    place,
    kind,
    action,
    assignee,
    dueAt: dueAt?.toISOString() ?? null,
    overdue: state === 'open' && dueAt !== null && dueAt <= now,
    rule: { ...rule },
    state,
    note,
    createdAt: obligation.createdAt.toISOString(),
    updatedAt: obligation.updatedAt.toISOString(),
  }
}
