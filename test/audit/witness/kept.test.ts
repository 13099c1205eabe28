import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { generateKeyPairSync } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Audit, AuditRecord } from '../../../src/audit/audit.ts'
import { createFeeder } from '../../../src/audit/witness/feed.ts'
import { createOutside } from '../../../src/audit/witness/outside.ts'
import { cosignedSize } from '../../../src/audit/witness/store.ts'
import type { OutboundAnswer } from '../../../src/http/guarded-fetch.ts'
import { ed25519Cosigner } from '../../../src/tlog/cosignature.ts'
import { parseNote, signatureLine, vkeyOf } from '../../../src/tlog/note.ts'
import { parseAddCheckpoint } from '../../../src/tlog/witness-messages.ts'
import { emptyRecord, openTestAudit } from '../../helpers/audit.ts'
import { onPostgresql } from '../../helpers/database.ts'
import { openGround } from '../tamper/ground.ts'
import type { Ground } from '../tamper/ground.ts'

// The embedded database loses what it wrote last with the power: there a cosignature is put back, and is no sign of tampering.
const onPostgres = onPostgresql ? test : test.skip
if (!onPostgresql) console.info('That a removed cosignature stops the log is tested on PostgreSQL.')

const key = generateKeyPairSync('ed25519')
const witness = { name: 'one.example/witness', vkeys: [vkeyOf('one.example/witness', 4, key.publicKey)], url: 'https://one', partner: 'did:web:one.example' }
const origin = 'connector.example/log/2026'
const asked: string[] = []
const http = {
  fetch: async (url: string, request?: { readonly body?: unknown }): Promise<OutboundAnswer> => {
    asked.push(url)
    if (typeof request?.body !== 'string') return { status: 404, headers: {}, body: Buffer.alloc(0) }
    return { status: 200, headers: {}, body: Buffer.from(signatureLine(parseNote(parseAddCheckpoint(request.body).checkpoint).text, ed25519Cosigner(witness.name, key.privateKey, () => ground.clock.now))) }
  },
}

let ground: Ground
beforeAll(async () => {
  ground = await openGround()
})
afterAll(() => ground.database.close())
beforeEach(async () => {
  asked.length = 0
  await rm(ground.directory, { recursive: true, force: true })
  await emptyRecord(ground.database)
  await ground.tamper('delete from audit_witness', 'delete from audit_cosignature', 'delete from audit_checkpoint')
})

const open = () =>
  openTestAudit(ground.database, {
    directory: ground.directory,
    clock: () => ground.clock.now,
    outside: createOutside({ database: ground.database, directory: ground.directory, http, configured: [], intervalMs: 1000, found: () => Promise.resolve([]) }),
  })

/** Gives how many entries the witness has cosigned. */
async function cosigned(audit: Audit): Promise<number> {
  const deps = { database: ground.database, clock: () => ground.clock.now, log: audit.log, directory: audit.directory, intervalMs: 0, http, record: async (record: AuditRecord) => void (await audit.record(record)), witnesses: async () => ({ found: [witness], unread: [] }) }
  const feeder = createFeeder({
    ...deps,
    onError: (error) => {
      throw error
    },
  })
  await feeder.ask()
  await feeder.stop()
  return (await cosignedSize(ground.database.db, origin, witness.name)) ?? 0
}

async function prepared(): Promise<{ audit: Audit; size: number }> {
  const audit = await open()
  await audit.record({ type: 'test.one' })
  await cosigned(audit)
  await audit.record({ type: 'test.two' })
  return { audit, size: await cosigned(audit) }
}
const messages = async (audit: Audit) => (await audit.log.status()).faults.map(({ kind, message }) => ({ kind, message }))
const missing = (size: number) => ({ kind: 'cosignature-missing', message: `The cosignature of one.example/witness on log 2026 at ${size} entries is kept in the folder log, and the database does not have it: removed from the database.` })

test.each([['delete from audit_cosignature'], ['delete from audit_checkpoint'], ['delete from audit_cosignature where size = (select max(size) from audit_cosignature)']])('%s: found on PostgreSQL by a check and by a start, undone on PGlite', async (statement) => {
  const { audit, size } = await prepared()
  expect((await audit.keeping.check()).findings).toEqual([])
  await ground.tamper(statement)
  if (onPostgresql) expect((await audit.keeping.check()).findings).toMatchObject([missing(size)])
  await audit.close()
  await ground.tamper('update audit_head set stopped = false', 'delete from audit_fault')
  const again = await open()
  expect(await messages(again)).toEqual(onPostgresql ? [missing(size)] : [])
  if (!onPostgresql) expect(await cosignedSize(ground.database.db, origin, witness.name)).toBe(size)
  await again.close()
})

onPostgres('it is a break like any other: on record it stops nothing any more', async () => {
  const { audit } = await prepared()
  await ground.tamper('delete from audit_cosignature')
  await audit.keeping.check()
  const acknowledge = (await audit.keeping.faults()).map(({ id }) => id)
  expect(await audit.keeping.recover({ reason: 'Removed', acknowledge, actor: 'operator' })).toMatchObject({ log: '2026-2' })
  expect((await audit.keeping.check()).findings).toEqual([])
  await audit.close()
  const again = await open()
  expect(await messages(again)).toEqual([])
  await again.close()
})

test('a witness that was removed from the database is asked all the same', async () => {
  const { audit } = await prepared()
  await audit.close()
  await ground.tamper('delete from audit_witness')
  asked.length = 0
  await (await open()).close()
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.every((url) => url.startsWith(witness.url))).toBe(true)
})

test('a database that lacks entries is told as rewound, and nothing more', async () => {
  const first = await open()
  await first.close()
  await ground.save('rewound')
  const { audit } = await prepared()
  await audit.close()
  await ground.restore('rewound', { folder: false })
  for (const file of await readdir(ground.directory)) if (file.endsWith('.journal')) await rm(join(ground.directory, file))
  const again = await open()
  expect((await messages(again)).map(({ kind }) => kind)).toEqual(onPostgresql ? ['log-rewound'] : expect.arrayContaining(['log-rewound']))
  await again.close()
})

test('a file that cannot be read is as if it were not there', async () => {
  const { audit, size } = await prepared()
  const [file = ''] = (await readdir(ground.directory)).filter((name) => name.endsWith('.cosigned'))
  await audit.close()
  for (const text of ['', '{', 'null', '{"log":"2026"}']) {
    await writeFile(join(ground.directory, file), text)
    const again = await open()
    expect(await messages(again)).toEqual([])
    await again.close()
  }
  const again = await open()
  // The next round writes it anew.
  await again.record({ type: 'test.three' })
  expect(await cosigned(again)).toBeGreaterThan(size)
  await again.close()
})
