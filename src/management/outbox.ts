import type { OutboxItem } from '../outbox/outbox.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'
import { numberedPage, numberedPageOf } from './page.ts'

type OutboxHandlers = Pick<Handlers, 'listOutbox' | 'retryMessage'>

export function outboxHandlers({ outbox }: Pick<ManagementDeps, 'outbox'>): OutboxHandlers {
  return {
    listOutbox: async ({ query }) => {
      const { limit, after } = numberedPageOf(query)
      const rows = await outbox.list({ limit: limit + 1, ...(after === undefined ? {} : { after }), ...(query.status === undefined ? {} : { status: query.status }) })
      const page = numberedPage(rows, limit, ({ seq }) => seq)
      return { status: 200, body: { items: page.items.map(show), next: page.next } }
    },
    retryMessage: async ({ path }) => {
      await outbox.retry(path.messageId)
      return { status: 202 }
    },
  }
}

// Bodies stay inside: a transfer start carries an access token.
function show(item: OutboxItem): Schemas['OutboxMessage'] {
  const { id, kind, name, recipient, url, status, attempts, lastError } = item
  return { id, kind, process: item.processId, name, recipient, url, status, attempts, nextAttemptAt: item.nextAttemptAt.toISOString(), lastError, createdAt: item.createdAt.toISOString() }
}
