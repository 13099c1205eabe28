import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startManagement, partner } from './fixture.ts'
import type { Management } from './fixture.ts'

let management: Management
beforeAll(async () => {
  management = await startManagement()
})
afterAll(async () => {
  await management.close()
  expect(management.logged.filter((line) => line.includes('"level":50'))).toEqual([])
})

const partnerPath = `/partners/${encodeURIComponent(partner)}`
const csv = 'district,people\n1,10\n'

async function types(): Promise<string[]> {
  return (await management.deps.audit.entries({ limit: 1000 })).map(({ type }) => type)
}

describe('GET /self', () => {
  test('says who we are and whose token asks', async () => {
    const { body } = await management.call('GET', '/self')
    expect(body).toEqual({ id: 'did:web:us.example', address: 'https://us.example', version: '0.1.0', database: management.deps.database.kind, token: { name: 'operator', role: 'operator' } })
  })
})

describe('Partners', () => {
  test('are added, read, changed under If-Match and removed, each with its record', async () => {
    const { call } = management
    const added = await call('POST', '/partners', { json: { id: partner, name: 'Partner', address: 'https://partner.example/dsp/2025-1/' } })
    expect(added).toMatchObject({ status: 201, headers: { etag: '"1"', location: partnerPath }, body: { address: 'https://partner.example/dsp/2025-1', version: 1 } })
    expect(await call('POST', '/partners', { json: { id: partner, name: 'Again' } })).toMatchObject({ status: 409, body: { code: 'already-exists' } })
    expect(await call('PATCH', partnerPath, { json: { name: 'New' } })).toMatchObject({ status: 428, body: { code: 'precondition-required' } })
    expect(await call('PATCH', partnerPath, { json: { name: 'New' }, headers: { 'if-match': '"9"' } })).toMatchObject({ status: 412, body: { code: 'precondition-failed' } })
    expect(await call('PATCH', partnerPath, { json: { name: 'New' }, headers: { 'if-match': 'W/"1"' } })).toMatchObject({ status: 412 })
    expect(await call('PATCH', partnerPath, { json: { name: 'New' }, headers: { 'if-match': '"1"' } })).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { name: 'New', address: 'https://partner.example/dsp/2025-1' } })
    expect(await call('PATCH', partnerPath, { json: { address: null }, headers: { 'if-match': '*' } })).toMatchObject({ status: 200, body: { name: 'New', address: null, version: 3 } })
    expect(await call('GET', partnerPath)).toMatchObject({ status: 200, headers: { etag: '"3"' } })
    expect(await call('DELETE', partnerPath)).toMatchObject({ status: 428 })
    expect(await call('DELETE', partnerPath, { headers: { 'if-match': '"3"' } })).toMatchObject({ status: 204, text: '' })
    expect(await call('GET', partnerPath)).toMatchObject({ status: 404, body: { code: 'not-found' } })
    expect((await types()).filter((type) => type.startsWith('partner.'))).toEqual(['partner.added', 'partner.updated', 'partner.updated', 'partner.removed'])
    const [entry] = await management.deps.audit.entries({ limit: 1, type: 'partner.added' })
    expect(entry).toMatchObject({ partner, actor: 'operator' })
    expect(management.recorded).toContainEqual({ name: 'revokePartner', input: partner })
  })

  test('cannot have an address that may not be called, or an id that is none', async () => {
    expect(await management.call('POST', '/partners', { json: { id: 'did:web:x.example', name: 'X', address: 'http://169.254.169.254/' } })).toMatchObject({ status: 400, body: { code: 'address-refused' } })
    expect(await management.call('POST', '/partners', { json: { id: 'urn:x', name: 'X' } })).toMatchObject({ status: 400, body: { code: 'bad-request' } })
  })

  test('are listed in pages; a cursor of another list is refused', async () => {
    for (const name of ['p1', 'p2', 'p3']) await management.call('POST', '/partners', { json: { id: `did:web:${name}.example`, name } })
    const ids: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const { text } = await management.call('GET', `/partners?limit=2${next === '' ? '' : `&cursor=${encodeURIComponent(next)}`}`)
      const page: { items: { id: string }[]; next: string | null } = JSON.parse(text)
      expect(page.items.length).toBeLessThanOrEqual(2)
      ids.push(...page.items.map(({ id }) => id))
      next = page.next
    }
    expect(ids).toEqual(['did:web:p1.example', 'did:web:p2.example', 'did:web:p3.example'])
    for (const cursor of ['x', 'bm90LWEtY3Vyc29y', Buffer.from('"\\u0000"').toString('base64url')]) {
      expect(await management.call('GET', `/partners?cursor=${cursor}`)).toMatchObject({ status: 400, body: { code: 'invalid-cursor' } })
    }
  })
})

describe("A partner's catalog", () => {
  test('is read page by page, with the link to the next page behind the cursor', async () => {
    await management.call('POST', '/partners', { json: { id: partner, name: 'Partner' } })
    const first = await management.call('GET', `${partnerPath}/catalog?filter=${encodeURIComponent('[{"limit":1}]')}`)
    expect(first).toMatchObject({ status: 200, body: { items: [{ '@id': 'urn:uuid:d0' }] } })
    const { next }: { next: string } = JSON.parse(first.text)
    const second = await management.call('GET', `${partnerPath}/catalog?cursor=${next}`)
    expect(second).toMatchObject({ status: 200, body: { items: [{ '@id': 'urn:uuid:d1' }], next: null } })
    expect(management.recorded.filter(({ name }) => name === 'peerCatalogs.catalog').map(({ input }) => input)).toEqual([
      { filter: [{ limit: 1 }] },
      { next: 'https://partner.example/dsp/2025-1/catalog/request?page=2' },
    ])
    expect(await management.call('GET', `${partnerPath}/catalog?filter=x1`)).toMatchObject({ status: 400, body: { code: 'bad-request' } })
    expect(await management.call('GET', `${partnerPath}/catalog?cursor=eA`)).toMatchObject({ status: 400, body: { code: 'invalid-cursor' } })
    expect(await management.call('GET', `${partnerPath}/catalog/datasets/urn%3Auuid%3Ad1`)).toMatchObject({ status: 200, body: { '@id': 'urn:uuid:d1' } })
    expect(await management.call('GET', '/partners/did%3Aweb%3Anobody.example/catalog')).toMatchObject({ status: 404 })
  })
})

describe('Datasets', () => {
  async function upload(content: string, headers: Record<string, string> = {}) {
    return management.call('POST', '/uploads', { raw: content, headers: { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="people.csv"', ...headers } })
  }

  test('are made of an upload, changed member by member, given new versions, and removed', async () => {
    const { call } = management
    const uploaded = await upload(csv)
    const sha256 = createHash('sha256').update(csv).digest('hex')
    expect(uploaded).toMatchObject({ status: 201, body: { fileName: 'people.csv', mediaType: 'text/csv', bytes: csv.length, sha256 } })
    const { id: uploadId }: { id: string } = JSON.parse(uploaded.text)
    const json = { metadata: { title: { en: 'People', es: 'Gente' }, theme: ['population'], columns: [{ name: 'district', unit: 'code' }] }, source: { type: 'file', upload: uploadId } }
    const made = await call('POST', '/datasets', { json })
    expect(made).toMatchObject({ status: 201, body: { source: { type: 'file' }, latest: { number: 1, sha256, fileName: 'people.csv' }, metadata: { columns: [{ name: 'district', type: 'integer', unit: 'code' }] } } })
    expect(await call('POST', '/datasets', { json })).toMatchObject({ status: 404 })
    const location = made.headers['location'] ?? ''
    const patched = await call('PATCH', location, { json: { metadata: { theme: null, contact: { name: 'Office' } } }, headers: { 'if-match': made.headers['etag'] ?? '' } })
    expect(patched.body).toMatchObject({ metadata: { title: { es: 'Gente' }, contact: { name: 'Office' }, columns: [{ unit: 'code' }] }, version: 2 })
    expect(patched.body).not.toHaveProperty('metadata.theme')
    expect(await call('PATCH', location, { json: { metadata: { area: 'x' } }, headers: { 'if-match': '"1"' } })).toMatchObject({ status: 412 })
    expect(await call('PATCH', location, { json: { metadata: { area: 'x' } }, headers: { 'if-match': '*' } })).toMatchObject({ status: 200 })

    const version = await call('POST', `${location}/versions`, { raw: `${csv}2,20\n`, headers: { 'content-type': 'text/csv', 'content-disposition': `attachment; filename*=UTF-8''poblaci%C3%B3.csv` } })
    expect(version).toMatchObject({ status: 201, headers: { location: `${location}/versions/2` }, body: { number: 2, fileName: 'població.csv', changes: { added: [] } } })
    const copied = await call('POST', `${location}/versions?keep=copy&path=${encodeURIComponent(join(management.sourceFolder, 'population.csv'))}`)
    expect(copied).toMatchObject({ status: 201, body: { number: 3, fileName: 'population.csv' } })
    expect(await call('GET', `${location}/versions?limit=2`)).toMatchObject({ body: { items: [{ number: 3 }, { number: 2 }] } })
    const { next }: { next: string } = JSON.parse((await call('GET', `${location}/versions?limit=2`)).text)
    expect(await call('GET', `${location}/versions?limit=2&cursor=${next}`)).toMatchObject({ body: { items: [{ number: 1 }], next: null } })
    expect(await call('GET', `${location}/versions/1`)).toMatchObject({ status: 200, body: { sha256 } })
    expect(await call('GET', `${location}/versions/9`)).toMatchObject({ status: 404 })
    expect(await call('GET', '/datasets?q=Gente')).toMatchObject({ status: 200 })
    expect(await call('DELETE', location, { headers: { 'if-match': '*' } })).toMatchObject({ status: 204 })
    expect(await call('GET', location)).toMatchObject({ status: 404 })
  })

  test('are made of a file under a configured folder, and of no other', async () => {
    const source = (path: string) => ({ json: { metadata: { title: { en: 'P' } }, source: { type: 'file', path } } })
    expect(await management.call('POST', '/datasets', source(join(management.sourceFolder, 'population.csv')))).toMatchObject({ status: 201 })
    await writeFile(join(management.folder, 'outside.csv'), csv)
    for (const path of ['/etc/passwd', join(management.sourceFolder, '../outside.csv')]) {
      expect(await management.call('POST', '/datasets', source(path))).toMatchObject({ status: 400, body: { code: 'invalid-path' } })
    }
  })

  test('of an API get the defaults of lists that were left out', async () => {
    const json = { metadata: { title: { en: 'Stations' } }, source: { type: 'http', baseUrl: 'https://api.example/v1', methods: ['GET'], paths: ['/stations'] } }
    expect(await management.call('POST', '/datasets', { json })).toMatchObject({ status: 201, body: { source: { requestHeaders: [], secrets: [] } } })
  })

  test('An upload that is too large, cut, unnamed or does not match its digest leaves nothing', async () => {
    expect(await upload('x'.repeat(200_000))).toMatchObject({ status: 413, body: { code: 'too-large' } })
    expect(await upload(csv, { 'content-digest': `sha-256=:${createHash('sha256').update('other').digest('base64')}:` })).toMatchObject({ status: 422, body: { code: 'digest-mismatch' } })
    expect(await upload(csv, { 'content-digest': `sha-256=:${createHash('sha256').update(csv).digest('base64')}:` })).toMatchObject({ status: 201 })
    expect(await upload(csv, { 'content-disposition': 'attachment' })).toMatchObject({ status: 400 })
    expect(await upload(csv, { 'content-digest': 'md5=x' })).toMatchObject({ status: 400 })
    expect(await upload(csv, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 })
    expect(await management.call('POST', '/uploads')).toMatchObject({ status: 400 })
    for (const upload of ['urn:uuid:../../etc', 'urn:uuid:00000000-0000-4000-8000-000000000000', 'x']) {
      expect(await management.call('POST', '/datasets', { json: { metadata: { title: { en: 'x' } }, source: { type: 'file', upload } } })).toMatchObject({ status: 404 })
    }
  })
})

describe('Offers', () => {
  test('join datasets, a policy and an audience; the policy must be one that is enforced', async () => {
    const dataset = await management.call('POST', '/datasets', { json: { metadata: { title: { en: 'P' } }, source: { type: 'file', path: join(management.sourceFolder, 'population.csv') } } })
    const { id }: { id: string } = JSON.parse(dataset.text)
    const made = await management.call('POST', '/offers', { json: { datasets: [id] } })
    expect(made).toMatchObject({ status: 201, headers: { etag: '"1"' }, body: { datasets: [{ dataset: id }], policy: { permission: [{ action: 'use' }] }, decision: 'automatic', audience: null } })
    expect(await management.call('POST', '/offers', { json: { datasets: [id], policy: { permission: [{ action: 'use', duty: [{ action: 'juggle' }] }] } } })).toMatchObject({ status: 400, body: { code: 'unsupported-policy', detail: expect.stringContaining('/policy/permission/0/duty/0/action') } })
    const stored = await management.call('POST', '/offers', { json: { datasets: [id], policy: { permission: [{ action: 'odrl:use', constraint: [{ leftOperand: 'purpose', operator: 'isA', rightOperand: { '@id': 'dpv:ScientificResearch' } }] }] } } })
    expect(stored).toMatchObject({ status: 201, body: { policy: { permission: [{ action: 'use', constraint: [{ leftOperand: 'http://www.w3.org/ns/odrl/2/purpose', operator: 'isA', rightOperand: { '@id': 'https://w3id.org/dpv#ScientificResearch' } }] }] } } })
    await management.call('DELETE', stored.headers['location'] ?? '', { headers: { 'if-match': '*' } })
    expect(await management.call('GET', `/offers?dataset=${encodeURIComponent(id)}`)).toMatchObject({ body: { items: [{ datasets: [{ dataset: id }] }], next: null } })
    const location = made.headers['location'] ?? ''
    expect(await management.call('GET', location)).toMatchObject({ status: 200 })
    expect(await management.call('DELETE', `/datasets/${encodeURIComponent(id)}`, { headers: { 'if-match': '*' } })).toMatchObject({ status: 409 })
    expect(await management.call('DELETE', location, { headers: { 'if-match': '"2"' } })).toMatchObject({ status: 412 })
    expect(await management.call('DELETE', location, { headers: { 'if-match': '"1"' } })).toMatchObject({ status: 204 })
  })
})

describe('Secrets', () => {
  test('are set and listed by name, and never shown', async () => {
    for (const name of ['a', 'b']) expect(await management.call('PUT', `/secrets/${name}`, { json: { value: 'Bearer hidden-value' } })).toMatchObject({ status: 204 })
    const { text, body } = await management.call('GET', '/secrets?limit=1')
    expect(body).toMatchObject({ items: [{ name: 'a' }] })
    expect(text).not.toContain('hidden-value')
    const { next }: { next: string } = JSON.parse(text)
    expect(await management.call('GET', `/secrets?limit=1&cursor=${next}`)).toMatchObject({ body: { items: [{ name: 'b' }], next: null } })
    expect(await management.call('DELETE', '/secrets/a')).toMatchObject({ status: 204 })
    expect(await management.call('DELETE', '/secrets/a')).toMatchObject({ status: 404 })
    expect(await management.call('PUT', '/secrets/c', { json: { value: 'x\r\ny: z' } })).toMatchObject({ status: 400 })
    expect(management.logged.join('')).not.toContain('hidden-value')
  })
})

describe('Health and metrics', () => {
  test('need no token, and count requests by route and status', async () => {
    expect(await management.call('GET', '/health/live', { token: '' })).toMatchObject({ status: 200, body: { status: 'up' } })
    expect(await management.call('GET', '/health/ready', { token: '' })).toMatchObject({ status: 200, body: { status: 'up' } })
    const { text } = await management.call('GET', '/metrics', { token: '' })
    expect(text).toContain('route="/partners/{partnerId}",status="412"')
    expect(text).toContain('concordat_records_total{type="partner.added"}')
    expect(text).toMatch(/concordat_size\{of="record"\} [1-9]/)
    expect(text).not.toContain(encodeURIComponent(partner))
  })

  test('count per connector', async () => {
    const other = await startManagement()
    const { text } = await other.call('GET', '/metrics', { token: '' })
    expect(text).not.toContain('type="partner.added"')
    await other.close()
  })
})

describe('The listener', () => {
  test('answers its own host only, so that no page can reach it through a name of its own', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(management.address)
      request({ hostname, port, path: '/self', headers: { host: 'evil.example', authorization: 'Bearer x' } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .once('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })

  test('tells which methods an address has, and that other addresses have nothing', async () => {
    const refused = await management.call('PUT', '/partners')
    expect(refused).toMatchObject({ status: 405, headers: { allow: 'GET, POST' }, body: { code: 'method-not-allowed' } })
    expect(await management.call('HEAD', '/events')).toMatchObject({ status: 405 })
    expect(await management.call('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'not-found' } })
    expect(await management.call('GET', '/partners/%ff')).toMatchObject({ status: 400, body: { code: 'bad-request' } })
  })
})
