import { Option } from 'commander'
import type { Command } from 'commander'
import { languages } from '../../policy/explain/operand-texts.ts'
import type { Language } from '../../policy/explain/operand-texts.ts'
import { example, wholeNumber } from '../arguments.ts'
import type { Client } from '../client.ts'
import { printable } from '../output.ts'
import type { Open } from '../session.ts'
import { namesIn } from '../why/names.ts'
import { explainRecord } from '../why/explain-record.ts'
import type { RecordEntry, RecordExplanation } from '../why/explain-record.ts'

/** `why RECORD`: what a record says, in plain words. */
export function whyCommand(program: Command, open: Open): void {
  const why = program
    .command('why')
    .description('explain an entry of the record: who asked for what, under which terms, and what came of it')
    .argument('<record>', 'number of the entry', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .addOption(new Option('--lang <language>', 'language').choices(languages).default('en'))
    .action(async (index: number, options: { lang: Language }, command: Command) => {
      const { client, print } = open(command)
      const entry: RecordEntry = await client.call('getAuditEntry', { path: { index } })
      const related = await relatedTo(client, entry)
      const explanation = explainRecord(entry, related, options.lang, { names: print.json ? new Map() : await namesIn(client, [entry, ...(related === undefined ? [] : [related])], options.lang) })
      print.result({ record: entry, ...(related === undefined ? {} : { related }), explanation }, textOf(explanation))
    })
  example(why, 'why 412 --lang ca')
}

const mostPages = 50
const outcomes: Readonly<Record<string, readonly string[]>> = {
  'data.permitted': ['data.released', 'data.aborted'],
  'data.requested': ['data.received', 'data.refused', 'data.aborted'],
}

/** The question that an outcome belongs to, or the outcome of a question. */
async function relatedTo(client: Client, entry: RecordEntry): Promise<RecordEntry | undefined> {
  const question = entry['permitted'] ?? entry['requested']
  if (typeof question === 'number') return client.call('getAuditEntry', { path: { index: question } })
  for (const type of outcomes[entry.type] ?? []) {
    const found = await findOutcome(client, entry, type)
    if (found !== undefined) return found
  }
  return undefined
}

/** Outcomes follow their questions, most of them soon: a long download of a busy transfer may have many others before it. */
async function findOutcome(client: Client, entry: RecordEntry, type: string): Promise<RecordEntry | undefined> {
  const about = { type, since: entry.time, limit: 1000, ...(typeof entry['transfer'] === 'string' ? { transfer: entry['transfer'] } : {}) }
  for (let page = 0, cursor: string | undefined; page < mostPages; page++) {
    const { items, next } = await client.list('listAuditEntries', { query: { ...about, cursor } }, false)
    const found = items.map((item) => outcomeOf(item, entry.index)).find((each) => each !== undefined)
    if (found !== undefined || next === null) return found
    cursor = next
  }
  return undefined
}

/** An entry if it is an outcome of the question; of an entry that holds many outcomes, that one. */
function outcomeOf(entry: RecordEntry, question: number): RecordEntry | undefined {
  if (entry['permitted'] === question || entry['requested'] === question) return entry
  const { outcomes: gathered } = entry
  const own: unknown = Array.isArray(gathered) ? gathered.find((each: unknown) => typeof each === 'object' && each !== null && 'permitted' in each && each.permitted === question) : undefined
  return typeof own === 'object' && own !== null ? { ...entry, ...own } : undefined
}

function textOf({ title, parts }: RecordExplanation): string {
  const longest = Math.max(0, ...parts.map(({ heading }) => heading.length))
  const lines = parts.flatMap(({ heading, lines: told }) => told.map((line, place) => `${(place === 0 ? heading : '').padEnd(longest)}  ${line}`))
  return [title, ...lines].map((line) => printable(line)).join('\n')
}
