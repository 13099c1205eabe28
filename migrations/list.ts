import type { Migration } from 'kysely/migration'
import * as first from './0001-first.ts'
import * as policy from './0002-policy.ts'
import * as retries from './0003-retries.ts'
import * as transparencyLog from './0004-transparency-log.ts'

/** Every migration, in order. Numbered and forward-only: a released one never changes. */
export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-policy': policy,
  '0003-retries': retries,
  '0004-transparency-log': transparencyLog,
}
