import { isProblem, ProblemError } from '../errors.ts'
import type { QueryRestriction } from '../policy/restriction.ts'
import { unrestricted } from '../policy/restriction.ts'
import type { ProtectedGroups } from './disclosure/protect.ts'
import { protectGroups } from './disclosure/protect.ts'
import type { DataRouteDeps, Exchange } from './exchange.ts'
import { commitRefusal, commitRelease, recordAround, refuse, sendRecorded } from './exchange.ts'
import type { TableRequest } from './query/answer-request.ts'
import { checkQuery } from './query/check.ts'
import type { AnswerFormat, TableEngine, WrittenAnswer } from './query/engine.ts'
import type { CheckedQuery } from './query/query.ts'
import type { ReleasedDataset } from './release.ts'
import type { Facts } from './releases.ts'
import { sendAnswer, sendHead, wholeAnswer } from './send-answer.ts'
import type { Withheld } from './send-answer.ts'
import { answerColumns, answerStatement, countStatement } from './sources/sql/answer.ts'

/** What is asked of a table. */
export interface AskedQuery {
  readonly table: TableRequest
  readonly format: AnswerFormat
}

interface Question extends AskedQuery {
  readonly engine: TableEngine
  readonly checked: CheckedQuery
  readonly restriction: QueryRestriction
  readonly hashKey: string
  readonly signal: AbortSignal
}

interface Answer {
  readonly written: WrittenAnswer
  /** Rows without limit and offset, where that was asked. */
  readonly total: number | undefined
  readonly groups: ProtectedGroups | undefined
}

// The ledger of an agreement changes when somebody else releases under it; this often is nobody's luck.
const attempts = 5

/** Answers a query under the restriction of its permission: the answer is written, debited and recorded, and then sent. */
export async function releaseQuery(deps: DataRouteDeps, exchange: Exchange, asked: AskedQuery): Promise<void> {
  const { response, grant, transfer } = exchange
  const abort = new AbortController()
  const onClose = () => abort.abort()
  response.once('close', onClose)
  const engine = await recordingRefusals(deps, exchange, () => deps.engines.open(exchange.dataset))
  try {
    const restriction = grant.open ? unrestricted : grant.restriction
    const checked = await recordingRefusals(deps, exchange, async () => checkedQuery(exchange, asked, { engine, restriction }))
    const question: Question = { ...asked, engine, restriction, checked, hashKey: deps.hashKey(transfer.agreementId ?? ''), signal: abort.signal }
    if (exchange.request.method === 'HEAD') return await recordAround(deps, exchange, { amounts: { queries: 0, rows: 0, bytes: 0 }, reserved: { bytes: 0 } }, () => sendHead(response, asked.format))
    await answerQuestion(deps, exchange, question)
  } finally {
    response.off('close', onClose)
    await engine.close()
  }
}

function checkedQuery({ dataset }: Exchange, { table, format }: AskedQuery, { engine, restriction }: { engine: TableEngine; restriction: QueryRestriction }): CheckedQuery {
  if ((table.singular || table.metadata) && format !== 'json') throw new ProblemError('not-acceptable', 'A single object, and an answer with its metadata, are given as JSON. Ask for application/json.')
  if (table.singular && table.metadata) throw new ProblemError('not-acceptable', 'A single object has no room for metadata. Leave out Prefer: concordat-metadata, or ask for application/json.')
  return checkQuery(table.query, { columns: engine.columns, facts: dataset.facts }, restriction)
}

async function answerQuestion(deps: DataRouteDeps, exchange: Exchange, question: Question): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const answer = await findAnswer(deps, exchange, question)
    try {
      const whole = await wholeAnswer(answer.written, question.table)
      const { groups, written } = answer
      const more: Facts = { rows: written.rows, bytes: whole.bytes, sha256: whole.sha256, ...(groups === undefined ? {} : { withheld: { groups: groups.groups, reasons: [...groups.reasons] } }) }
      const committed = await commitRelease(deps, exchange, { amounts: { queries: 1, rows: written.rows, bytes: whole.bytes }, more, ...(groups === undefined ? {} : { commit: (db, now) => groups.commit(db, now) }) })
      if (committed.kind === 'permitted') {
        const { index } = committed
        const withheld = groups === undefined ? undefined : withheldOf(question.restriction, groups.groups)
        // A slow reader keeps no connection to the source.
        await question.engine.close()
        return await sendRecorded(deps, exchange, { index, upTo: whole.bytes }, () => sendAnswer(exchange, { ...question, whole, total: answer.total, withheld, index }))
      }
      if (attempt === attempts) throw new ProblemError('too-many-requests', 'Other queries under the agreement are answered at the same time, on which this answer depends. Try again.')
    } finally {
      await answer.written.handle.close()
    }
  }
}

async function findAnswer(deps: DataRouteDeps, exchange: Exchange, question: Question): Promise<Answer> {
  const { engine, checked, restriction, hashKey, signal, table, format } = question
  const { dataset } = exchange
  const groups = await protectedGroups(deps, exchange, question)
  return recordingRefusals(deps, exchange, async () => {
    const options = { restriction, hashKey, dimensions: dataset.facts.dimensions, ...(groups === undefined ? {} : { withheld: groups.withheld }) }
    const total = table.countExact ? Number((await engine.rows(countStatement(engine, checked, options), 1, signal))[0]?.['count'] ?? 0) : undefined
    const wanted = { format, columns: answerColumns(engine, checked, options), signal, ...(dataset.geometry === undefined ? {} : { geometry: dataset.geometry }) }
    return { written: await engine.write(answerStatement(engine, checked, options), wanted), total, groups }
  })
}

/** Everything that a restriction lets out of a dataset, in a file. Aggregates only, or protected groups, have no such file ('not-permitted'). */
export async function writePermitted(deps: Pick<DataRouteDeps, 'engines' | 'hashKey'>, wanted: { dataset: ReleasedDataset; restriction: QueryRestriction; format: Exclude<AnswerFormat, 'geojson'>; agreement: string }): Promise<WrittenAnswer> {
  const { dataset, restriction, format, agreement } = wanted
  const engine = await deps.engines.open(dataset)
  try {
    const checked = checkQuery({ select: [{ kind: 'all' }], where: null, order: [], limit: null, offset: 0 }, { columns: engine.columns, facts: dataset.facts }, restriction)
    const options = { restriction, hashKey: deps.hashKey(agreement), dimensions: dataset.facts.dimensions }
    return await engine.write(answerStatement(engine, checked, options), { format, columns: answerColumns(engine, checked, options) })
  } finally {
    await engine.close()
  }
}

// To look whether anything may come out is itself a query: it is debited also when nothing does.
async function protectedGroups(deps: DataRouteDeps, exchange: Exchange, question: Question): Promise<ProtectedGroups | undefined> {
  const { engine, checked, restriction, hashKey } = question
  if (restriction.minGroupSizes.length + restriction.largestShares.length === 0) return undefined
  const { dataset, transfer } = exchange
  try {
    return await protectGroups({ db: deps.database.db }, { engine, query: checked, restriction, facts: dataset.facts, hashKey, agreement: transfer.agreementId ?? '', dataset: transfer.datasetId })
  } catch (error) {
    if (isProblem(error) && error.status < 500) await commitRefusal(deps, exchange, error)
    throw error
  }
}

/** What is told of what was withheld: few withheld groups are not counted, so that a rare one does not show. */
function withheldOf({ minGroupSizes, largestShares }: QueryRestriction, groups: number): Withheld {
  return { groups: groups < 5 ? '<5' : groups, reasons: [...(minGroupSizes.length > 0 ? ['minGroupSize'] : []), ...(largestShares.length > 0 ? ['largestShare'] : [])] }
}

async function recordingRefusals<T>(deps: DataRouteDeps, exchange: Exchange, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!exchange.grant.open && isProblem(error) && error.status < 500) refuse(deps, exchange, { problem: error, facts: exchange.grant.facts })
    throw error
  }
}
