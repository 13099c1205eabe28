import { randomUUID } from 'node:crypto'
import type { Random } from '../helpers/random.ts'
import type { FuzzGround } from './ground.ts'
import { oddText } from './mutate.ts'

const lists = ['type', 'agreement', 'transfer', 'partner', 'dataset', 'role', 'purpose', 'decision', 'since', 'until', 'from', 'to', 'order', 'limit', 'cursor', 'timeZone', 'format', 'by', 'nothing'] as const
const values = ['data.permitted', 'permit', 'deny', 'asc', 'desc', '0', '1', '-1', '1000', '1001', '99999999999999999999', '1e9', '2026-01-01', '2026-01-01T00:00:00Z', '0000-00-00', '9999-12-31T23:59:60Z', 'Europe/Madrid', 'Etc/../UTC', 'UTC', 'day', 'month', 'csv', 'ndjson', 'parquet', 'x', '%', "' or 1=1 --", '*', 'null']

/** A request of an auditor about the record and its log; nothing here takes anything away. */
export function auditRequest(token: string, ground: FuzzGround, random: Random): { route: string; method: 'GET' | 'POST'; path: string; headers: Record<string, string>; body: Buffer | undefined } {
  const id = () => random.pick([...ground.agreements.slice(-3), `urn:uuid:${randomUUID()}`, oddText(random).slice(0, 300).toWellFormed()])
  const value = () => encodeURIComponent(random.chance(0.7) ? random.pick(values) : id())
  const query = () => Array.from({ length: random.between(0, 4) }, () => `${random.pick(lists)}=${value()}`).join('&')
  const number = () => (random.chance(0.6) ? String(random.between(0, 600)) : value())
  const log = () => random.pick(['2026', '2026', '2025', '2026-2', value()])
  const [method, path, json] = random.pick<() => readonly ['GET' | 'POST', string, unknown?]>([
    () => ['GET', `/audit/entries?${query()}`],
    () => ['GET', `/audit/entries/${number()}`],
    () => ['GET', `/audit/entries/${number()}/proof`],
    () => ['GET', `/audit/statistics?${query()}`],
    () => ['GET', `/audit/export?${random.chance(0.7) ? `format=${random.pick(['csv', 'ndjson', 'parquet'])}&to=${random.between(0, 300)}&` : 'to=100&'}${query()}`],
    () => ['GET', `/audit/evidence/${encodeURIComponent(random.chance(0.05) ? id() : `urn:uuid:${randomUUID()}`)}`],
    () => ['GET', '/audit/logs'],
    () => ['GET', `/audit/logs/${log()}/checkpoint`],
    () => ['GET', `/audit/logs/${log()}/consistency?from=${number()}&to=${number()}`],
    () => ['GET', `/audit/logs/${log()}/tiles/${number()}/${number()}?width=${number()}`],
    () => ['GET', `/audit/logs/${log()}/entries/${number()}?width=${number()}`],
    () => ['GET', random.pick(['/audit/witnesses', '/audit/events', '/audit/log'])],
    () => ['POST', random.chance(0.05) ? '/audit/check' : '/audit/witnesses'],
    () => ['POST', '/audit/log/recover', { reason: oddText(random).slice(0, 200), acknowledge: random.pick<unknown>([[], ['0'.repeat(32)], ['x'], 'x', null, [oddText(random).slice(0, 40)]]) }],
    () => ['POST', '/audit/erase', random.pick<unknown>([{}, { reason: 'x' }, { reason: 'x', user: 'nobody', dryRun: true }, [], null])],
  ])()
  const route = `management ${method} ${path.split('?')[0]?.split('/').slice(0, 3).join('/')}`
  return { route, method, path, headers: { authorization: `Bearer ${token}`, ...(json === undefined ? {} : { 'content-type': 'application/json' }) }, body: json === undefined ? undefined : Buffer.from(JSON.stringify(json)) }
}
