import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { languages } from '../../src/policy/explain/operand-texts.ts'
import { events } from '../../src/audit/events/events.ts'
import { operators } from '../../src/policy/model.ts'
import { operandTable } from '../../src/policy/profile.ts'
import { explainRecord } from '../../src/cli/why/explain-record.ts'
import { tellRecord } from '../../src/cli/why/sentence.ts'
import { whyTexts } from '../../src/cli/why/texts.ts'
import { commandFor } from '../helpers/command.ts'
import { json, problem, startStandIn } from './management-stand-in.ts'
import type { StandIn } from './management-stand-in.ts'

const statistics = 'https://w3id.org/dpv#ProvideOfficialStatistics'
const time = '2026-03-02T09:30:00.000Z'
const about = { transfer: 'urn:uuid:t', agreement: 'urn:uuid:a', partner: 'did:web:city.example', dataset: 'spending' }

const permitted = {
  index: 41,
  time,
  type: 'data.permitted',
  ...about,
  decision: 'permit',
  role: 'analyst',
  purpose: statistics,
  user: 'x7Qk',
  rule: '/permission/0',
  request: { method: 'GET', path: '', query: '?select=district,amount.sum()&name=eq.Gr%C3%A0cia' },
  terms: [
    { term: 'purpose', operator: 'isA', wanted: [statistics], value: statistics, satisfied: true, source: 'statement' },
    { term: 'hourOfDay', operator: 'lt', wanted: '18', value: '9', satisfied: true, source: 'clock' },
    { term: 'minGroupSize#card', operator: 'gteq', wanted: '10', satisfied: true, source: 'query' },
  ],
  withheld: { groups: 14, reasons: ['minGroupSize'] },
  rows: 1200,
  quota: { queriesPerDay: 17 },
}
const released = { index: 42, time, type: 'data.released', ...about, permitted: 41, bytes: 4102, rows: 1200, sha256: 'ab'.repeat(32) }
const denied = {
  index: 43,
  time,
  type: 'data.denied',
  ...about,
  code: 'not-permitted',
  reason: 'The role must be analyst.',
  role: 'planner',
  request: { method: 'GET', query: '?select=a' },
  terms: [
    { term: 'role', operator: 'eq', wanted: 'analyst', value: 'planner', satisfied: false, source: 'statement' },
    { term: 'purpose', operator: 'isA', wanted: statistics, satisfied: null, source: 'statement' },
  ],
}
const requested = { index: 50, time, type: 'data.requested', ...about, role: 'consumer', actor: 'Anna', stated: { role: 'analyst', purpose: statistics, user: 'x7Qk' }, request: { method: 'GET', query: '?select=a' } }
const received = { index: 51, time, type: 'data.received', ...about, role: 'consumer', actor: 'Anna', requested: 50, status: 200, bytes: 3, sha256: 'cd'.repeat(32), withheld: 'groups=<5; reason=minGroupSize', providerRecord: 41 }

let standIn: StandIn
let concordat: ReturnType<typeof commandFor>
beforeAll(async () => {
  standIn = await startStandIn()
  concordat = commandFor(standIn)
})
afterAll(async () => {
  await standIn[Symbol.asyncDispose]()
})
beforeEach(() => {
  standIn.asked.length = 0
  const entries = [permitted, released, denied, requested, received]
  standIn.answers = ({ path }, response) => {
    const url = new URL(path, 'http://x')
    if (url.pathname === '/audit/names') return json(response, 200, { items: url.searchParams.getAll('id').flatMap((id) => (id === 'named' ? [{ id, kind: 'dataset', name: 'Spending' }] : [])) })
    const [, index] = /^\/audit\/entries\/(\d+)$/.exec(url.pathname) ?? []
    if (index === undefined) return json(response, 200, { items: entries.filter(({ type }) => type === url.searchParams.get('type')), next: null })
    const entry = entries.find((each) => each.index === Number(index))
    return entry === undefined ? problem(response, 404, 'not-found', `The record has no entry ${index}.`) : json(response, 200, entry)
  }
})

const lines = async (...args: string[]) => (await concordat('why', ...args)).out.split('\n').map((line) => line.replace(/\s+/g, ' ').trim())

describe('why', () => {
  test('tells a permitted request: who, what, under which rule and terms, what was withheld, what came out', async () => {
    const out = await lines('41')
    expect(out[0]).toMatch(/^Record 41, .*: a request for data was permitted\.$/)
    expect(out.slice(1, -1)).toEqual([
      'Who partner did:web:city.example',
      'in the role analyst',
      `for the purpose "Provide official statistics" (${statistics})`,
      'user x7Qk (a pseudonym)',
      'Asked GET ?select=district,amount.sum()&name=eq.Gràcia',
      'dataset spending',
      'Agreement agreement urn:uuid:a',
      'rule /permission/0',
      `Terms holds: Purpose must be, or be narrower than, "Provide official statistics" (${statistics}); it was "Provide official statistics" (${statistics}) (by the signed statement)`,
      "holds: Hour of the day must be less than 18; it was 9 (by the provider's clock)",
      expect.stringMatching(/^holds: .* \(card\) must be at least 10 \(the query was rewritten so\)$/),
      expect.stringMatching(/^Withheld 14 groups \(.+\)$/),
      `Released 1,200 rows, 4,102 bytes, SHA-256 ${'ab'.repeat(32)}`,
      'Used so far Queries per day: 17 used',
    ])
  })

  test('tells the same from the outcome', async () => {
    const [, ...rest] = await lines('42')
    expect(rest).toEqual((await lines('41')).slice(1))
  })

  test('finds an outcome that many others stand before', async () => {
    const early = standIn.answers
    standIn.answers = (asked, response) => {
      const { pathname, searchParams } = new URL(asked.path, 'http://x')
      if (pathname !== '/audit/entries' || searchParams.has('cursor')) return early(asked, response)
      return json(response, 200, { items: [{ ...released, index: 90, permitted: 89 }], next: 'more' })
    }
    expect((await lines('41')).join()).toContain('4,102 bytes')
  })

  test('tells of a refusal which term refused and what would be needed', async () => {
    const out = await lines('43')
    expect(out[0]).toContain('a request for data was refused')
    expect(out).toEqual(expect.arrayContaining(['Terms does not hold: Role must be analyst; it was planner (by the signed statement)', `not known, so it does not permit: Purpose must be, or be narrower than, "Provide official statistics" (${statistics}); no value was given (by the signed statement)`, 'Why The role must be analyst.', 'Needed Role must be analyst', 'Released nothing']))
  })

  test("tells the consumer's side, with the provider's number", async () => {
    const out = await lines('50')
    expect(out).toEqual(expect.arrayContaining(['in the role analyst', 'user x7Qk (a pseudonym)', 'by Anna', 'Provider its record has this as number 41', expect.stringMatching(/^Withheld <5 groups/), expect.stringMatching(/^Released 3 bytes/)]))
    expect(out.join('\n')).not.toContain('consumer')
    expect((await lines('51')).slice(1)).toEqual(out.slice(1))
  })

  test('speaks three languages', async () => {
    expect((await lines('43', '--lang', 'ca'))[0]).toContain('es va denegar una petició de dades')
    expect(await lines('41', '--lang', 'es')).toEqual(expect.arrayContaining([expect.stringContaining('Elaboración de estadísticas oficiales'), expect.stringContaining('se cumple: ')]))
    expect(await concordat('why', '41', '--lang', 'de')).toMatchObject({ code: 2 })
  })

  test('gives all of it as JSON', async () => {
    const { out } = await concordat('why', '41', '--json')
    expect(JSON.parse(out)).toMatchObject({ record: permitted, related: released, explanation: { title: expect.any(String), parts: expect.any(Array) } })
  })

  test('says when there is no such entry, or no number', async () => {
    expect(await concordat('why', '99')).toMatchObject({ code: 3, err: expect.stringContaining('no entry 99') })
    expect(await concordat('why', 'x')).toMatchObject({ code: 2 })
  })

  test('text of a partner cannot command the terminal', async () => {
    const items = [{ id: 'spending', kind: 'dataset', name: 'a\u001b[2Jb' }]
    standIn.answers = ({ path }, response) => json(response, 200, path.startsWith('/audit/names') ? { items } : { ...denied, role: 'x\u001b[2J', terms: 'no list', request: null, reason: '\u202etxet', withheld: 7 })
    const { code, out } = await concordat('why', '43')
    expect([code, out.includes('\u001b'), out.includes('\u202e')]).toEqual([0, false, false])
  })
})

describe('a refusal', () => {
  const told = (terms: unknown, more: object = {}) => explainRecord({ ...denied, terms, ...more }, undefined, 'en').parts.find(({ heading }) => heading === 'Needed')?.lines

  test('of a prohibition names nothing that would have to hold', () => {
    expect(told([{ term: 'role', operator: 'eq', wanted: 'mayor', value: 'planner', satisfied: false, source: 'statement', at: '/prohibition/0/constraint/0' }])).toBeUndefined()
  })

  test('of another action or an open duty says which', () => {
    expect(told([{ term: 'action', operator: 'isAnyOf', wanted: ['https://w3id.org/concordat/policy/v1/queryAggregate'], satisfied: false, source: 'agreement' }])).toEqual(['Action must be one of "statistics only" (https://w3id.org/concordat/policy/v1/queryAggregate)'])
    expect(told(undefined, { term: 'purpose', needed: [statistics] })).toEqual([`Purpose: "Provide official statistics" (${statistics})`])
  })
})

describe('a sentence', () => {
  test('says who, for what, under which agreement, what exactly was asked, and what came of it', () => {
    expect(tellRecord(permitted, 'en')).toBe('did:web:city.example (user x7Qk) as analyst for "Provide official statistics" asked for spending under agreement urn:uuid:a, which was permitted: 1,200 rows; 14 groups (Minimum group size) withheld; rule /permission/0; asked: GET ?select=district,amount.sum()&name=eq.Gràcia.')
    expect(tellRecord(requested, 'es')).toBe('Nosotros (usuario Anna) como analyst para «Elaboración de estadísticas oficiales» pedimos spending bajo el acuerdo urn:uuid:a a did:web:city.example: petición: GET ?select=a.')
  })

  test('calls partners and datasets by their names, beside their ids', () => {
    const names = new Map([['did:web:city.example', { kind: 'partner', name: 'city data office' }], ['spending', { kind: 'dataset', name: 'Gasto' }]] as const)
    expect(tellRecord(released, 'es', names)).toBe('city data office (did:web:city.example) recibió datos de «Gasto» (spending) bajo el acuerdo urn:uuid:a: 1200 filas; 4102 bytes.')
    expect(tellRecord({ index: 1, time, type: 'partner.added', partner: 'did:web:city.example' }, 'en', names)).toBe('A partner was added (partner city data office (did:web:city.example)).')
    expect(explainRecord(permitted, released, 'en', { names }).parts.flatMap(({ lines: each }) => each)).toEqual(expect.arrayContaining(['partner city data office (did:web:city.example)', 'dataset "Gasto" (spending)']))
  })

  test('says in its language whose step it was, in which role, and why a log begins', () => {
    const step = { index: 1, time, type: 'negotiation.verified', role: 'provider', by: 'partner' }
    expect(tellRecord(step, 'en')).toBe('An agreement was verified (role provider, step by the partner).')
    expect(tellRecord(step, 'ca')).toBe('Es va verificar un acord (rol proveïdor, pas del soci).')
    expect(tellRecord({ index: 0, time, type: 'log.opened', name: '2026', reason: 'year' }, 'es')).toBe('Empieza un registro de auditoría (nombre 2026, motivo año nuevo).')
    expect(tellRecord({ index: 9, time, type: 'audit.erased', by: 'user', count: 2 }, 'en')).toBe('Personal values were erased (count 2).')
  })

  test('tells refusals in its language where no term tells why', () => {
    const refusal = { ...denied, terms: undefined, code: 'withheld', reason: 'No group of the answer may come out.' }
    expect(tellRecord(refusal, 'en')).toContain('which was refused: No group of the answer may come out (withheld);')
    expect(tellRecord(refusal, 'ca')).toContain('se li va denegar: no es pot lliurar res de la resposta: els seus grups són massa petits')
    expect(tellRecord({ index: 1, time, type: 'data.refused', ...about, role: 'consumer', code: 'withheld', reason: 'withheld' }, 'en')).toContain('nothing of the answer may be released')
  })

  test('of a clock that could not be compared says so', () => {
    expect(tellRecord({ index: 9, time, type: 'connector.clock', source: 'ntp:time.example', failure: 'no answer within 3000 ms', authenticated: false }, 'en')).toBe('The clock was compared (source ntp:time.example, failed no answer within 3000 ms).')
  })

  test('tells how much may have gone out when nobody is left who knows', () => {
    expect(tellRecord({ index: 9, time, type: 'data.aborted', ...about, permitted: 3, upTo: 54_035_093, reason: 'process ended' }, 'en')).toBe('A download of spending under agreement urn:uuid:a with did:web:city.example broke off: at most 54,035,093 bytes.')
  })

  test('leaves nothing of an entry untold', () => {
    const { parts } = explainRecord({ index: 2, time, type: 'connector.started', version: '1.0', database: 'pglite', settings: { CONCORDAT_LOG_MLDSA: 'on' }, seq: 4 }, undefined, 'ca')
    expect(parts).toEqual([{ heading: 'Camps', lines: ['database pglite', 'settings {"CONCORDAT_LOG_MLDSA":"on"}', 'seq 4'] }])
  })

  test('names what was erased as such', () => {
    const committed = { committed: 'x'.repeat(43) }
    const told = tellRecord({ ...permitted, user: committed, request: { method: 'GET', query: committed } }, 'en')
    expect(told).toContain('(user erased)')
    expect(told).toContain('asked: GET (erased).')
    expect(told).not.toContain('committed')
    expect(tellRecord({ ...denied, terms: committed, reason: committed, request: { method: 'GET', query: '?a', accept: 'text/csv' } }, 'en')).toContain('which was refused: the terms of the agreement do not permit this (not-permitted); asked: GET ?a, accept: text/csv.')
    expect(tellRecord({ index: 1, time, type: 'token.revoked', name: committed, actor: 'ops' }, 'ca')).toBe('Es va revocar un testimoni d’accés (per ops, nom esborrat).')
  })

  test('tells the status of a provider that said nothing of why', () => {
    expect(tellRecord({ ...received, type: 'data.refused', status: 503 }, 'en')).toContain(': HTTP 503')
  })

  test('counts one group as one', () => {
    expect(tellRecord({ ...permitted, withheld: { groups: 1, reasons: [] } }, 'en')).toContain('; 1 group withheld;')
  })
})

describe('any other record', () => {
  test('is one line', async () => {
    const told = (type: string) => explainRecord({ index: 3, time, type, partner: 'did:web:a', transfer: 'urn:uuid:t', actor: 'Anna', reason: 'maintenance', nothing: null }, undefined, 'en')
    expect(told('transfer.suspended')).toEqual({ title: expect.stringMatching(/^Record 3, .*: a transfer was suspended \(partner did:web:a, transfer urn:uuid:t, by Anna, reason maintenance\)\.$/), parts: [] })
    expect(told('constructor').title).toContain(': constructor (')
  })

  test('outcomes that were gathered are told one by one', () => {
    const gathered = { index: 9, time, type: 'data.released', count: 2, bytes: 30, outcomes: [{ permitted: 7, bytes: 10 }, { permitted: 8, bytes: 20 }] }
    expect(explainRecord(gathered, undefined, 'en').parts).toEqual([{ heading: 'Released', lines: ['30 bytes'] }])
  })
})

test.each(languages)('%s has words for every source, operator and event', (language) => {
  const texts = whyTexts[language]
  expect(Object.keys(events).filter((type) => texts.events[type] === undefined)).toEqual([])
  expect(operators.filter((operator) => texts.operators[operator] === undefined)).toEqual([])
  expect(operandTable.filter(({ source }) => texts.source[source] === '')).toEqual([])
  expect(Object.keys(texts.events)).toEqual(Object.keys(whyTexts.en.events))
  expect(Object.keys(texts.fields)).toEqual(Object.keys(whyTexts.en.fields))
})
