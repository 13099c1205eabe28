import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseNote } from '../../src/tlog/note.ts'
import { profileIri } from '../../src/policy/profile.ts'
import { commandFor, jsonFrom as json, runCommand } from '../helpers/command.ts'
import { startDataspace } from '../helpers/dataspace.ts'
import type { Dataspace, TestConnector } from '../helpers/dataspace.ts'
import { constraint, integer } from '../helpers/terms.ts'

let dataspace: Dataspace
let folder: string
let provider: ReturnType<typeof commandFor>
let consumer: ReturnType<typeof commandFor>

beforeAll(async () => {
  // One log with a second signature, and one without.
  dataspace = await startDataspace({ provider: { settings: { CONCORDAT_LOG_MLDSA: 'on' } } })
  folder = await mkdtemp(join(tmpdir(), 'concordat-cli-evidence-'))
  provider = commandFor(dataspace.provider)
  consumer = commandFor(dataspace.consumer)
})
afterAll(async () => {
  await dataspace.close()
  await rm(folder, { recursive: true })
})

async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

const didOf = async ({ publicUrl }: TestConnector) => (await fetch(`${publicUrl}/.well-known/did.json`)).text()

test('both parties make the evidence of their agreement, anyone verifies it, and the two agree', async () => {
  const spending = await file('spending.csv', `district,cards\n${'Sants,30\nGracia,40\n'.repeat(3)}`)
  const dataset = await json(provider, 'dataset', 'add', '--file', spending, '--title', 'Spending', '--dimension', 'district', '--protected-unit', 'card=cards:sum')
  const statistics = 'https://w3id.org/dpv#ProvideOfficialStatistics'
  const policy = {
    profile: profileIri,
    permission: [{ action: `${profileIri}queryAggregate`, constraint: [constraint('purpose', 'isA', [statistics]), constraint('our:minGroupSize#card', 'gteq', integer(10))] }],
  }
  await json(provider, 'offer', 'add', dataset.id, '--policy', await file('policy.json', JSON.stringify(policy)))
  const [found] = (await json(consumer, 'catalog', dataspace.provider.id, '--all')).items
  const negotiation = await json(consumer, 'negotiate', dataspace.provider.id, found.hasPolicy[0]['@id'])
  const agreement = String(negotiation.agreement)
  const transfer = await json(consumer, 'transfer', 'start', agreement)
  const ask = (purpose: string, query: string) => consumer('get', transfer.id, '--role', 'analyst', '--purpose', purpose, '--query', query, '--format', 'csv')
  expect(await ask(statistics, 'select=district,count()')).toMatchObject({ code: 0 })
  expect(await ask(statistics, 'select=district,cards.sum()')).toMatchObject({ code: 0 })
  expect((await ask('https://w3id.org/dpv#Marketing', 'select=district,count()')).code).not.toBe(0)
  await dataspace.settle()

  // Witnesses are known from then on.
  for (const side of [provider, consumer]) expect(await side('audit', 'witness')).toMatchObject({ code: 0 })

  const [ours, theirs] = [join(folder, 'ours.zip'), join(folder, 'theirs.zip')]
  const [city, cards] = [await file('city.json', await didOf(dataspace.provider)), await file('cards.json', await didOf(dataspace.consumer))]
  for (const [side, out] of [[provider, ours], [consumer, theirs]] as const) {
    const made = await side('audit', 'evidence', agreement, '--out', out, '--did', city, '--did', cards)
    expect(made.out.split('\n')[0]).toBe('Everything holds.')
    expect(made.code).toBe(0)
  }
  const report = JSON.parse((await runCommand(['audit', 'verify', ours, '--did', city, '--did', cards, '--json'])).out)
  const finding = (what: string) => report.findings.find((each: { what: string }) => each.what === what)
  const cosigners = report.findings.flatMap(({ what, holds, detail }: { what: string; holds: boolean; detail: { participant: string } }) => (what === 'cosignature' && holds ? [detail.participant] : []))
  expect(report.summary).toMatchObject({ agreement, connector: dataspace.provider.id, partner: dataspace.consumer.id, permitted: 2, denied: 1 })
  expect(finding('statements').detail.checked).toBe(3)
  expect(cosigners.toSorted()).toEqual([dataspace.provider.id, dataspace.consumer.id].toSorted())
  expect(report.findings.filter(({ holds }: { holds: boolean }) => !holds)).toEqual([])
  expect(finding('policy').detail.checked).toBeGreaterThan(0)
  // A DID document has no key of the second signature; the log names it in its first entry.
  expect(report.limits.map(({ what }: { what: string }) => what)).toEqual(['outside-connector', 'tail', 'keys-from-bundle', 'summary'])
  const consumers = JSON.parse((await runCommand(['audit', 'verify', theirs, '--did', city, '--did', cards, '--json'])).out)
  expect(consumers.findings.find((each: { what: string }) => each.what === 'receipts')).toEqual({ what: 'receipts', holds: true, detail: { checked: 3 } })

  const reconciled = await runCommand(['audit', 'reconcile', agreement, '--ours', ours, '--with', theirs, '--json'])
  expect(JSON.parse(reconciled.out)).toMatchObject({
    agree: true,
    counts: { agree: 3, differ: 0 },
    queries: Array.from({ length: 3 }, () => ({ matchedBy: 'statement', proofs: ['consumer-statement', 'provider-receipt', 'provider-log', 'consumer-log'] })),
  })
  expect(reconciled.code).toBe(0)
  expect((await provider('audit', 'reconcile', agreement, '--with', theirs)).code).toBe(0)

  // ML-DSA-44 is in what is published, and not in what proxies must let through.
  const published = parseNote(await (await fetch(`${dataspace.provider.publicUrl}/log/checkpoint`)).text())
  expect(published.lines.map(({ signature }) => signature.length)).toEqual(expect.arrayContaining([64, 8 + 2420]))
  const kept = await dataspace.consumer.services.database.db.selectFrom('receipt').select(['receipt', 'verified']).execute()
  expect(kept.map(({ receipt, verified }) => [verified, receipt.length < 2048])).toEqual([[true, true], [true, true], [true, true]])

  const page = (await readFile(ours)).toString('utf8')
  expect(page).toContain('Prova d’un acord sobre dades')
})
