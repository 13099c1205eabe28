import type { Audit, AuditRecord } from '../audit/audit.ts'

/** Who was let in: a token of ours, or a user of the identity provider by pseudonym. */
export interface Accepted {
  readonly token?: string
  readonly user?: string
  readonly role?: string
  /** Name of the token or user. */
  readonly actor: string
  /** Network address. */
  readonly caller: string
}

/** Records who is let in and who is not. Nobody waits for it: reading must go on when nothing can be recorded. */
export interface Logins {
  /** Records the first time of a day. */
  accepted(login: Accepted): void
  /** Records the first refusal of a caller at once, and those of the second after it as one record that counts them. */
  refused(refusal: { readonly caller: string; readonly code: string }): void
  /** Records once that the row of a token is not as we wrote it. */
  forged(token: { readonly token: string; readonly role: string; readonly caller: string }): void
  /** Records what was counted so far. */
  flush(): void
}

const foldMs = 1000
const mostFolds = 1000
const mostSeen = 10_000
const mostForged = 1000

export function createLogins(deps: { readonly audit: Pick<Audit, 'record'>; readonly clock: () => Date; readonly onError: (error: unknown) => void }): Logins {
  const seen = new Set<string>()
  const forged = new Set<string>()
  let day = ''
  const folds = new Map<string, { readonly caller: string; readonly code: string; count: number; readonly timer: NodeJS.Timeout }>()
  const write = (record: AuditRecord) => void deps.audit.record(record).catch(deps.onError)

  function end(key: string): void {
    const fold = folds.get(key)
    if (fold === undefined) return
    folds.delete(key)
    clearTimeout(fold.timer)
    if (fold.count > 0) write({ type: 'login.refused', caller: fold.caller, code: fold.code, count: fold.count })
  }

  return {
    accepted({ token, user, role, actor, caller }) {
      const today = deps.clock().toISOString().slice(0, 10)
      if (today !== day || seen.size >= mostSeen) seen.clear()
      day = today
      const key = JSON.stringify([token, user])
      if (seen.has(key)) return
      seen.add(key)
      write({ type: 'login.accepted', caller, actor, ...(token === undefined ? {} : { token }), ...(user === undefined ? {} : { user }), ...(role === undefined ? {} : { role }) })
    },
    forged({ token, role, caller }) {
      const key = JSON.stringify([token, role])
      if (forged.has(key) || forged.size >= mostForged) return
      forged.add(key)
      write({ type: 'token.refused', token, role, caller })
    },
    refused({ caller, code }) {
      const own = `${caller} ${code}`
      const key = folds.has(own) || folds.size < mostFolds ? own : 'others'
      const fold = folds.get(key)
      if (fold !== undefined) {
        fold.count += 1
        return
      }
      const told = key === own ? { caller, code } : { caller: 'others', code }
      folds.set(key, { ...told, count: 0, timer: setTimeout(() => end(key), foldMs).unref() })
      write({ type: 'login.refused', ...told, count: 1 })
    },
    flush() {
      for (const key of folds.keys()) end(key)
    },
  }
}
