import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSecrets } from '../../src/catalog/secrets/secrets.ts'
import type { Secrets } from '../../src/catalog/secrets/secrets.ts'
import { httpSource, openTestCatalog } from '../helpers/catalog.ts'
import type { TestCatalog } from '../helpers/catalog.ts'

let t: TestCatalog
let secrets: Secrets
const key = Buffer.alloc(32, 1)

beforeAll(async () => {
  t = await openTestCatalog()
  secrets = createSecrets({ database: t.database, audit: t.audit, clock: () => new Date(), key })
})
afterAll(() => t.close())

test('a secret is sealed in the database, opened for the data plane, and listed by name only', async () => {
  await secrets.set('api', 'Bearer s3cret')
  await secrets.set('api', 'Bearer n3wer')
  expect(await secrets.open('api')).toBe('Bearer n3wer')
  expect(await secrets.open('none')).toBeUndefined()
  expect(await secrets.list()).toEqual([{ name: 'api', createdAt: expect.any(Date) }])
  const row = await t.database.db.selectFrom('secret').select('sealed').executeTakeFirstOrThrow()
  expect(Buffer.from(row.sealed, 'base64url').toString('latin1')).not.toContain('n3wer')
  expect(JSON.stringify(await t.audit.entries({ limit: 100 }))).not.toContain('n3wer')
})

test('another key, a changed row and a row under another name do not open', async () => {
  const other = createSecrets({ database: t.database, audit: t.audit, clock: () => new Date(), key: Buffer.alloc(32, 2) })
  await expect(other.open('api')).rejects.toThrow()
  const { sealed } = await t.database.db.selectFrom('secret').select('sealed').executeTakeFirstOrThrow()
  await t.database.db.insertInto('secret').values({ name: 'copied', sealed, created_at: new Date() }).execute()
  await expect(secrets.open('copied')).rejects.toThrow()
})

test('a secret stays while a dataset uses it', async () => {
  const { id } = await t.catalog.createDataset({ metadata: { title: { en: 'x' } }, source: { ...httpSource, secrets: [{ header: 'authorization', secret: 'api' }] } })
  await expect(secrets.remove('api')).rejects.toMatchObject({ code: 'conflict' })
  await t.catalog.removeDataset(id)
  await secrets.remove('api')
  await expect(secrets.remove('api')).rejects.toMatchObject({ code: 'not-found' })
})

test('names and values that cannot be used are refused', async () => {
  for (const value of ['', 'a\r\nb', 'a\0', ' x', 'x'.repeat(9000)]) await expect(secrets.set('a', value)).rejects.toMatchObject({ code: 'bad-request' })
  for (const name of ['', '../x', 'a b']) await expect(secrets.set(name, 'x')).rejects.toMatchObject({ code: 'bad-request' })
})
