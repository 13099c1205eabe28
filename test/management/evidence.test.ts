import { afterAll, beforeAll, expect, test } from 'vitest'
import { startManagement } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
beforeAll(async () => {
  const agreement = { id: 'urn:uuid:a1', role: 'provider', counterparty: 'did:web:lab.example', agreement: { '@id': 'urn:uuid:a1', '@type': 'Agreement', target: 'urn:uuid:d1', permission: [{ action: 'use' }] } } as const
  management = await startManagement()
  Object.assign(management.deps.agreements, { get: async () => agreement, message: async () => undefined })
})
afterAll(() => management.close())

const ask = (redact: string) => management.call('GET', `/audit/evidence/urn%3Auuid%3Aa1?redact=${redact}`)

test('a field that nothing is left out under is refused: its values would be handed on', async () => {
  for (const name of ['usr', 'partner', 'request', 'user.name']) {
    expect(await ask(`user,${name}`)).toMatchObject({ status: 400, body: { code: 'bad-request', detail: expect.stringContaining(`under ${name}. Those that can be left out: actor, `) } })
  }
  expect(management.recorded.filter(({ name }) => name === 'evidence')).toEqual([])
  expect((await ask('user,actor,request.query')).status).toBe(200)
  expect(management.recorded.filter(({ name }) => name === 'evidence')).toMatchObject([{ input: { redacted: ['user', 'actor', 'request.query'] } }])
})
