import type { AccessStatement } from '../../identity/statement.ts'
import type { ContextValue, PolicyRequest, World } from '../../policy/decision.ts'
import { odrlIri, operandIri } from '../../policy/profile.ts'
import { purposesAbove } from '../../policy/purposes.ts'
import type { AnswerFormat } from '../query/engine.ts'
import type { ReleasedTransfer } from '../release.ts'
import type { DataFormat } from '../representations.ts'
import { checkPath, matchesPattern } from '../sources/http-path.ts'
import type { AgreementTerms } from './agreement-terms.ts'

/** What a request asks for, in the words of policies. */
export interface AskedFor {
  /** Full IRI of the action. */
  readonly action: string
  /** Values of the operands that the request itself has. */
  readonly context: ReadonlyMap<string, ContextValue>
}

export const readAction = `${odrlIri}read`

const fileFormat = `${odrlIri}fileFormat`
const mediaTypes: Readonly<Record<AnswerFormat, string>> = { json: 'application/json', csv: 'text/csv', ndjson: 'application/x-ndjson', parquet: 'application/vnd.apache.parquet', geojson: 'application/geo+json' }

/** The wanted format by its short name and by its media type: terms may use either. An original is also of its file's type. */
export function formatContext(format: AnswerFormat | DataFormat, original?: { readonly mediaType: string }): ReadonlyMap<string, ContextValue> {
  if (format !== 'original') return new Map([[fileFormat, [format, mediaTypes[format]]]])
  const type = original?.mediaType.split(';')[0]?.trim().toLowerCase()
  const short = Object.entries(mediaTypes).filter(([, known]) => known === type)
  return new Map([[fileFormat, ['original', ...(type === undefined ? [] : [type]), ...short.map(([name]) => name)]]])
}

/** What a request to an HTTP source asks for. A path is itself and every pattern of the terms that it matches. */
export function proxiedContext(terms: AgreementTerms, request: { readonly method: string; readonly path: string; readonly query: string }): ReadonlyMap<string, ContextValue> {
  const { method, path, query } = request
  const segments = checkPath(path === '' ? '/' : path)
  const plain = `/${segments.join('/')}`
  const context = new Map<string, ContextValue>([
    [operandIri('method'), method],
    [operandIri('path'), [plain, ...terms.paths.filter((pattern) => pattern !== plain && matchesPattern(segments, pattern))]],
  ])
  const values = new URLSearchParams(query)
  for (const name of terms.parameters) {
    const given = values.getAll(name)
    // A body may carry parameters too, and of several values nobody knows which one the source takes: then nothing is known.
    if (method === 'POST' || given.length > 1) continue
    context.set(operandIri('parameter', name), given[0] ?? '')
  }
  return context
}

/** A request under an agreement as policies see it. */
export function policyRequest(transfer: ReleasedTransfer, asked: AskedFor, statement: AccessStatement | undefined): PolicyRequest {
  const context = new Map(asked.context)
  context.set(`${odrlIri}recipient`, transfer.partner)
  context.set(operandIri('partnerGroup'), transfer.groups)
  for (const [operand, value] of [
    [`${odrlIri}purpose`, statement?.purpose],
    [operandIri('role'), statement?.role],
    [operandIri('legalBasis'), statement?.legalBasis],
    [`${odrlIri}spatial`, statement?.spatial],
    [operandIri('securityLevel'), statement?.securityLevel],
  ] as const) {
    if (value !== undefined) context.set(operand, value)
  }
  return { action: asked.action, target: transfer.datasetId, assignee: transfer.partner, context }
}

/** What is known when a request under an agreement is decided. */
export function worldOf(transfer: ReleasedTransfer, now: Date): World {
  const { partner, groups, fulfilled, agreedAt } = transfer
  return {
    now,
    ...(agreedAt === undefined ? {} : { agreedAt }),
    // A partner belongs to its groups; what else has something above it is a purpose.
    partOf: (member) => (member === partner ? new Set([partner, ...groups]) : purposesAbove(member)),
    fulfilled,
    violated: new Set(),
  }
}
