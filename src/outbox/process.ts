import type { Role } from '../persistence/schema.ts'

/** What a negotiation and a transfer have in common: two parties, each with a process id of its own. */
export interface Process {
  readonly id: string
  readonly role: Role
  readonly counterpartyPid: string | null
}

/** The two process ids; an empty one where the other side has not named its own yet. */
export function pidsOf(process: Process): { providerPid: string; consumerPid: string } {
  const theirs = process.counterpartyPid ?? ''
  return process.role === 'provider' ? { providerPid: process.id, consumerPid: theirs } : { providerPid: theirs, consumerPid: process.id }
}

/** The role of the other side. */
export function otherRole(role: Role): Role {
  return role === 'provider' ? 'consumer' : 'provider'
}

/** Why the other side ended or suspended a process, as one line for people. */
export function reasonText(message: { readonly code?: string; readonly reason?: readonly unknown[] }): string {
  const reasons = (message.reason ?? []).map((reason) => (typeof reason === 'string' ? reason : JSON.stringify(reason)))
  const text = [message.code, ...reasons].filter((part) => part !== undefined).join(': ')
  return text === '' ? 'no reason given' : text.slice(0, 1000)
}
