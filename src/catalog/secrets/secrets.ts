import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Audit } from '../../audit/audit.ts'
import { ProblemError } from '../../errors.ts'
import type { Database } from '../../persistence/database.ts'
import { by } from '../by.ts'
import { deleteSecret, findSecret, findSecretUser, listSecrets, saveSecret } from './store.ts'

/** Secrets of HTTP sources, by name. A value that was set can be used and replaced, never read back. */
export interface Secrets {
  set(name: string, value: string, actor?: string): Promise<void>
  list(): Promise<{ name: string; createdAt: Date }[]>
  /** 'conflict' while a dataset uses it. */
  remove(name: string, actor?: string): Promise<void>
  /** The value. For the data plane only. */
  open(name: string): Promise<string | undefined>
}

const namePattern = /^[A-Za-z0-9._-]{1,100}$/
// What may stand in a header (RFC 9110 §5.5); nothing else is done with a secret.
const valuePattern = /^[\x21-\x7e\u0080-\u00ff]([\t\x20-\x7e\u0080-\u00ff]{0,8190}[\x21-\x7e\u0080-\u00ff])?$/

/** `key`: 32 bytes, kept outside the database, so that a copy of the database opens nothing. */
export function createSecrets(deps: { database: Database; audit: Audit; clock: () => Date; key: Buffer }): Secrets {
  const { database, audit, clock, key } = deps
  return {
    set: async (name, value, actor) => {
      if (!namePattern.test(name)) throw new ProblemError('bad-request', '/name: may have 1 to 100 letters, digits and . _ - only.')
      if (!valuePattern.test(value)) throw new ProblemError('bad-request', '/value: must be what a header may hold: 1 to 8192 characters, no line breaks.')
      const sealed = seal(key, name, value)
      await database.transaction(async (tx) => {
        await saveSecret(tx.db, { name, sealed, at: clock() })
        await audit.append(tx, { type: 'secret.set', secret: name, ...by(actor) })
      })
    },
    list: () => listSecrets(database.db),
    remove: async (name, actor) =>
      database.transaction(async (tx) => {
        const user = await findSecretUser(tx.db, name)
        if (user !== undefined) throw new ProblemError('conflict', `The dataset ${user} uses this secret. Change the source of that dataset first: concordat dataset update ${user}`)
        if (!(await deleteSecret(tx.db, name))) throw new ProblemError('not-found', `There is no secret ${name.slice(0, 100)}.`)
        await audit.append(tx, { type: 'secret.removed', secret: name, ...by(actor) })
      }),
    open: async (name) => {
      const found = await findSecret(database.db, name)
      return found === undefined ? undefined : unseal(key, name, found.sealed)
    },
  }
}

// AES-256-GCM; the name is bound in, so that a row renamed in the database does not open.
function seal(key: Buffer, name: string, value: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
}

function unseal(key: Buffer, name: string, text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 }).setAAD(Buffer.from(name)).setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
