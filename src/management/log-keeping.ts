import type { StoredFault } from '../audit/log/faults/store.ts'
import type { LogFault } from '../audit/log/log.ts'
import type { ManagementDeps } from './deps.ts'
import type { Handlers, Schemas } from './operation.ts'

type LogKeepingHandlers = Pick<Handlers, 'getLogStatus' | 'checkLog' | 'recoverLog' | 'rotateLogKey'>

/** The log is checked, brought back to work after a break, and gets another key. */
export function logKeepingHandlers({ audit }: Pick<ManagementDeps, 'audit'>): LogKeepingHandlers {
  return {
    getLogStatus: async () => {
      const [{ state, log, size, sealed }, faults] = await Promise.all([audit.log.status(), audit.keeping.faults()])
      const checking = audit.keeping.checking()
      return { status: 200, body: { state, size, sealed, faults: faults.map(stored), ...(log === undefined ? {} : { log: log.name }), ...(checking === undefined ? {} : { checking: { ...checking } }) } }
    },
    checkLog: async () => {
      const { startedAt, finishedAt, entries, logs, findings, breaks } = await audit.keeping.check()
      return { status: 200, body: { startedAt: startedAt.toISOString(), finishedAt: finishedAt.toISOString(), entries, logs: [...logs], findings: findings.map(shown), breaks: breaks.map(stored) } }
    },
    recoverLog: async ({ body, caller }) => {
      const { log, start, newKey, resolved } = await audit.keeping.recover({ reason: body.reason, acknowledge: body.acknowledge, actor: caller.name, withoutWitnesses: body.withoutWitnesses })
      return { status: 200, body: { log, start, newKey, resolved: [...resolved] } }
    },
    rotateLogKey: async ({ caller }) => ({ status: 200, body: await audit.keeping.rotate(caller.name) }),
  }
}

function shown({ id, log, kind, message, detail }: LogFault & { readonly id: string }): Schemas['LogFault'] {
  return { id, log, kind, message, detail: { ...detail } }
}

function stored(fault: StoredFault): Schemas['LogFault'] {
  const { foundAt, resolvedAt } = fault
  return { ...shown(fault), foundAt: foundAt.toISOString(), ...(resolvedAt === null ? {} : { resolvedAt: resolvedAt.toISOString() }) }
}
