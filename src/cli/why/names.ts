import type { Client } from '../client.ts'
import type { Language } from '../../policy/explain/operand-texts.ts'
import { textIn } from './explain-record.ts'
import type { RecordEntry } from './explain-record.ts'
import type { Names } from './texts.ts'

const mostIds = 100

/** What partners and datasets of these entries are called today. */
export async function namesIn(client: Client, entries: readonly RecordEntry[], language: Language): Promise<Names> {
  const ids = [...new Set(entries.flatMap((entry) => [textIn(entry, 'partner') ?? [], textIn(entry, 'dataset') ?? []].flat()))]
  const names = new Map<string, { kind: 'partner' | 'dataset'; name: string }>()
  for (let at = 0; at < ids.length; at += mostIds) {
    const { items } = await client.call('nameRecorded', { query: { id: ids.slice(at, at + mostIds), language } })
    for (const { id, kind, name } of items) names.set(id, { kind, name })
  }
  return names
}
